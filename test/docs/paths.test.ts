// Every file of the repository that a document or a comment names exists: `src/clip/clip.ts`, `model/clip.ts` (within src).

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tops = ['src', 'app', 'examples', 'recipes', 'bench', 'test', 'fixtures/make', 'docs', 'models']
const skipped = /(^|\/)(node_modules|dist|golden)\/|^docs\/api\//

const files = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...tops.flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).map((name) => `${top}/${name}`),
  ),
]
  .map((path) => path.split(sep).join('/'))
  .filter((path) => /\.(md|ts|mjs|py)$/.test(path) && !skipped.test(path))

/** Prose: documents without blocks of code, whose paths may be a user's; the comments of source files. */
const proseOf = (path: string, text: string): string =>
  path.endsWith('.md')
    ? text.replace(/^```[\s\S]*?^```/gm, '')
    : path.endsWith('.py')
      ? (text.match(/"""[\s\S]*?"""|#[^\n]*/g) ?? []).join('\n')
      : (text.match(/^\s*(\/\/|\/?\*).*/gm) ?? []).join('\n')

/** A path from one of our folders, or one with an extension of ours, which may start in `src` or beside the file that names it. */
const pathPattern =
  /(?<![\w/.@:$}<*-])(?:\.\.\/)*(?:(?:src|app|test|fixtures|recipes|bench|examples|models)\/[\w./-]*\w|(?:[\w-]+\/)+[\w.-]+\.(?:ts|mjs|py|wat|md))(?![\w/*]|\.[*{])/g

/** `src/objectives/NAME.ts`, files that a run writes, a route of Next.js. */
const placeholders = /(^|\/)([A-Z]+|X|x)(\.\w+)*(\/|$)|^table\/|^app\/api\//

it('names only files that exist', () => {
  const missing = files.flatMap((path) => {
    const named = proseOf(path, readFileSync(join(root, path), 'utf8')).match(pathPattern) ?? []
    return named
      .filter((name) => !placeholders.test(name))
      .filter((name) => ![root, join(root, 'src'), join(root, dirname(path))].some((at) => existsSync(join(at, name))))
      .map((name) => `${path}: ${name}`)
  })
  expect(missing).toEqual([])
})
