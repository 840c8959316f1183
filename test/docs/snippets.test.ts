// The TypeScript of the READMEs and of docs/: every block that imports typeclip is compiled strictly against the source,
// and run in a folder with the files that it uses.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pictures = join(root, 'examples/pictures')

interface Snippet {
  name: string
  code: string
}

const pages = [
  'README.md',
  'README.zh.md',
  ...['en', 'zh'].flatMap((language) =>
    readdirSync(join(root, 'docs', language))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${language}/${name}`),
  ),
]
const snippets: Snippet[] = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match, i) => ({
    name: `${page} ${i + 1}`,
    code: match[1]!,
  })),
)

// Inside the repository, so that `typeclip` is found as a package finds its own name.
const folder = mkdtempSync(join(root, 'test/docs/.snippets-'))
const before = process.cwd()

beforeAll(async () => {
  for (const name of ['cat', 'dog', 'photo']) cpSync(join(pictures, 'apple.jpg'), join(folder, `${name}.jpg`))
  const images = readdirSync(pictures).filter((name) => name.endsWith('.jpg'))
  for (const image of images.slice(0, 3)) {
    const classFolder = join(folder, 'photos', basename(image, '.jpg'))
    mkdirSync(classFolder, { recursive: true })
    for (let copy = 0; copy < 10; copy++) cpSync(join(pictures, image), join(classFolder, `${copy}.jpg`))
  }
  const rows = images.map((image) => `${join(pictures, image)},a photo of ${basename(image, '.jpg')}`)
  writeFileSync(join(folder, 'pairs.csv'), ['image,caption', ...rows].join('\n'))
  const config = {
    embed_dim: 16,
    vision_cfg: { image_size: 32, layers: 1, width: 64, patch_size: 16 },
    text_cfg: { context_length: 16, vocab_size: 49408, width: 16, heads: 1, layers: 1 },
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  process.chdir(folder)
  const { train } = await import('../../src/entry/training.node.ts')
  const named = { model: 'config.json', data: 'pairs.csv' }
  for await (const _ of train({ ...named, out: 'runs/bow', objective: 'bow', batch: 4, steps: 1 })) {
  }
}, 120_000)

afterAll(() => {
  process.chdir(before)
  rmSync(folder, { recursive: true, force: true })
})

it('finds the snippets', () => {
  expect(snippets.length).toBeGreaterThanOrEqual(14)
  expect(snippets.filter(({ code }) => !/from 'typeclip/.test(code)).map(({ name }) => name)).toEqual([])
})

it('compiles every snippet strictly', () => {
  const files = snippets.map(({ name, code }) => {
    const file = `${name.replace(/\W+/g, '-')}.ts`
    writeFileSync(join(folder, file), code)
    return file
  })
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../../tsconfig.base.json',
      compilerOptions: { noEmit: true, customConditions: ['@typeclip/source'], noUnusedLocals: false },
      files,
    }),
  )
  const compile = () =>
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' })
  let output = ''
  try {
    compile()
  } catch (error) {
    output = (error as { stdout: string }).stdout
  }
  expect(output).toBe('')
}, 60_000)

// Both languages have the same code with translated comments: running one is enough.
const withoutComments = (code: string): string => code.replace(/\s*\/\/.*$/gm, '')
const different = snippets.filter(
  ({ code }, i) => snippets.findIndex((other) => withoutComments(other.code) === withoutComments(code)) === i,
)

describe('runs', () => {
  it.each(different)(
    '$name',
    async ({ name, code }) => {
      vi.spyOn(console, 'log').mockImplementation(() => {})
      for (const left of ['run', 'mine']) rmSync(join(folder, left), { recursive: true, force: true })
      const file = join(folder, `run-${name.replace(/\W+/g, '-')}.ts`)
      writeFileSync(file, code)
      await import(file)
    },
    120_000,
  )
})
