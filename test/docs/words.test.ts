// The phrases that the glossary rules out (docs/en/glossary.md, docs/zh/glossary.md) are in no document, comment, string or
// test title.

import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const skipped = /(^|\/)(node_modules|dist|golden|\.[^/]+)(\/|$)|^docs\/api\/|(^|\/)glossary\.md$/
const tops = ['src', 'app', 'examples', 'recipes', 'bench', 'test', 'fixtures/make', 'docs', 'models']

const files = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...tops.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  ),
]
  .map((path) => path.split(sep).join('/'))
  .filter((path) => /\.(md|ts|mjs|py)$/.test(path) && !skipped.test(path))

function byFolder(paths: readonly string[]): Map<string, string[]> {
  const folders = new Map<string, string[]>()
  for (const path of paths) {
    const folder = path.split('/').slice(0, -1).join('/') || 'the root'
    folders.set(folder, [...(folders.get(folder) ?? []), path])
  }
  return folders
}

/** The phrases of the table under the page's last heading: the code of its first column. */
function phrasesOf(language: string): string[] {
  const page = readFileSync(join(root, 'docs', language, 'glossary.md'), 'utf8')
  const rows = page.slice(page.lastIndexOf('\n## ')).matchAll(/^\| (`.*?) \|/gm)
  return [...rows].flatMap(([, cell]) => [...cell!.matchAll(/`([^`]+)`/g)].map(([, phrase]) => phrase!))
}

/** Matches phrases as whole words over line ends, but not in names: `examples/pictures`, `$picture`, `class token`. */
function patternOf(phrases: readonly string[]): RegExp {
  const latin = phrases
    .filter((phrase) => /^[a-z ]+$/i.test(phrase))
    .map((phrase) => phrase.replaceAll(' ', '[\\s*/#]+'))
  const han = phrases.filter((phrase) => !/^[a-z ]+$/i.test(phrase))
  const words = `(?<![\\w/.$-]|class )(?:${latin.join('|')})(?![\\w/(-]|\\.\\w)`
  return new RegExp([...han, ...(latin.length > 0 ? [words] : [])].join('|'), 'gi')
}

/** A text with all but some ranges blank, so that lines keep their numbers. */
function only(text: string, ranges: Iterable<readonly [start: number, end: number]>): string {
  let result = ''
  for (const [start, end] of [...ranges].sort(([a], [b]) => a - b)) {
    result += text.slice(result.length, start).replace(/\S/g, ' ') + text.slice(start, end)
  }
  return result
}

const blank = (text: string): string => text.replace(/\S/g, ' ')

/** Prose: without code, addresses and the names of files. */
const markdown = (text: string): string =>
  text
    .replace(/^```[\s\S]*?^```/gm, blank)
    .replace(/`[^`\n]*`/g, blank)
    .replace(/\]\([^)]*\)/g, blank)
    .replace(/https?:\S+/g, blank)

/** The comments of a source file, and its strings of more than one word. A small scanner: TypeScript 7 has no parser to call. */
function typescript(text: string): string {
  const ranges: [number, number][] = []
  let i = 0
  const take = (token: RegExp): string => {
    token.lastIndex = i
    const found = token.exec(text)?.[0] ?? text[i]!
    i += found.length
    return found
  }
  const keep = (start: number): void => {
    if (/\s/.test(text.slice(start + 1, i - 1).trim())) ranges.push([start, i])
  }
  /** Code up to the end of the file, or of the `${…}` that it is in. */
  const code = (): void => {
    let before = ''
    for (let depth = 0; i < text.length; ) {
      const start = i
      const char = text[i]!
      if (char === '}' && depth-- === 0) return
      if (char === '{') depth++
      if (text.startsWith('//', i) || text.startsWith('/*', i)) {
        take(/\/\/[^\n]*|\/\*[\s\S]*?\*\//y)
        keep(start)
        continue
      }
      if (char === '/' && /[(,=:[!&|?{};>]|^$|return/.test(before)) {
        take(/\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/\w*/y)
      } else if (char === "'" || char === '"') {
        take(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/y)
        keep(start)
      } else if (char === '`') template()
      else {
        const token = take(/\w+|\s+|./y)
        if (token.trim() !== '') before = /^return$|^\W$/.test(token) ? token : 'name'
        continue
      }
      before = 'name'
    }
  }
  const template = (): void => {
    for (let start = i++; ; start = i++) {
      take(/(?:\\[\s\S]|\$(?!\{)|[^`\\$])*/y)
      const end = text.startsWith('${', i) ? '${' : '`'
      i += end.length
      keep(start)
      if (end === '`') return
      code()
    }
  }
  code()
  return only(text, ranges)
}

/** Comments and docstrings. */
const python = (text: string): string =>
  only(
    text,
    [...text.matchAll(/"""[\s\S]*?"""|#[^\n]*/g)].map(({ 0: part, index }) => [index, index + part.length]),
  )

/** Files that contain such phrases as data. */
const quoting = ['test/docs/words.test.ts', 'recipes/starter/captions.mjs']

const languages: Record<string, (text: string) => string> = {
  md: markdown,
  ts: typescript,
  mjs: typescript,
  py: python,
}

const english = patternOf(phrasesOf('en'))
const chinese = patternOf(phrasesOf('zh'))
const han = patternOf(phrasesOf('zh').filter((phrase) => !/^[a-z]+$/i.test(phrase)))

it('reads the phrases of both glossaries', () => {
  expect('chosen by lot'.match(english)).toEqual(['by lot'])
  expect('examples/pictures, or a picture'.match(english)).toEqual(['picture'])
  expect('一张图片和两个 token'.match(chinese)).toEqual(['图片', 'token'])
})

it.each([...byFolder(files)])('keeps to the terms of the glossary in %s', (_, paths) => {
  const found = paths.flatMap((path) => {
    if (quoting.includes(path)) return []
    const words = languages[path.slice(path.lastIndexOf('.') + 1)]!(readFileSync(join(root, path), 'utf8'))
    const patterns = /^docs\/zh\/|\.zh\.md$/.test(path) ? [chinese] : [english, han]
    return patterns.flatMap((pattern) =>
      [...words.matchAll(pattern)].map(({ 0: phrase, index }) => {
        const line = words.slice(0, index).split('\n').length
        return `${path}:${line}: ${phrase.replace(/\s+/g, ' ')}`
      }),
    )
  })
  expect(found).toEqual([])
})
