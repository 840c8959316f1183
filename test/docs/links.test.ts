// Links of every Markdown file: each relative link has a file, each anchor a heading, and every page of docs/ can be
// reached from the README in its language.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

function* markdownFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !/^(node_modules|dist|\..*)$/.test(entry.name)) yield* markdownFiles(path)
    else if (entry.name.endsWith('.md')) yield path
  }
}

const files = [...markdownFiles(root)]
const named = (path: string): string => relative(root, path).split(sep).join('/')

const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '`code`')

/** Link targets that are not addresses, as written. */
function linksOf(path: string): string[] {
  const text = withoutCode(readFileSync(path, 'utf8'))
  return [...text.matchAll(/\]\(\s*([^()\s]+)\s*\)|<img[^>]+src="([^"]+)"/g)]
    .map((match) => (match[1] ?? match[2])!)
    .filter((target) => !/^[a-z]+:/i.test(target))
}

/** Anchors as GitHub makes them of headings. */
function anchorsOf(path: string): Set<string> {
  const text = readFileSync(path, 'utf8').replace(/^```[\s\S]*?^```/gm, '')
  const seen = new Map<string, number>()
  const anchors = new Set<string>()
  for (const [, heading] of text.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = heading!
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replace(/ /g, '-')
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    anchors.add(count === 0 ? slug : `${slug}-${count}`)
  }
  return anchors
}

const targetOf = (path: string, link: string): string => join(dirname(path), decodeURIComponent(link.split('#')[0]!))

it('has no broken link', () => {
  const broken = files.flatMap((path) =>
    linksOf(path)
      .filter((link) => {
        const [file, anchor] = link.split('#') as [string, string?]
        const target = file === '' ? path : targetOf(path, link)
        if (!existsSync(target)) return true
        if (!anchor || statSync(target).isDirectory() || !target.endsWith('.md')) return false
        return !anchorsOf(target).has(decodeURIComponent(anchor))
      })
      .map((link) => `${named(path)}: ${link}`),
  )
  expect(broken).toEqual([])
})

it.each([
  ['README.md', 'docs/en'],
  ['README.zh.md', 'docs/zh'],
])('reaches from %s every page of %s', (readme, pages) => {
  const reached = new Set([join(root, readme)])
  for (const path of reached) {
    for (const link of linksOf(path)) {
      const target = targetOf(path, link)
      // Links through the other language's pages do not count: a reader should not need them.
      const own = named(target).startsWith(`${pages}/`)
      if (own && target.endsWith('.md') && existsSync(target)) reached.add(target)
    }
  }
  const unlinked = [...markdownFiles(join(root, pages))].filter((path) => !reached.has(path)).map(named)
  expect(unlinked).toEqual([])
})

it('has the same pages in both languages, with the same code and tables', () => {
  const shape = (path: string) => {
    const text = readFileSync(path, 'utf8')
    const fences = [...text.matchAll(/^```(\w*)/gm)].map((match) => match[1])
    return { fences, tables: text.match(/^\|[-:| ]+\|$/gm)?.length ?? 0, headings: text.match(/^#+ /gm)?.length ?? 0 }
  }
  const shapes = (language: string) =>
    Object.fromEntries(
      [...markdownFiles(join(root, 'docs', language))].map((path) => [
        named(path).slice(`docs/${language}/`.length),
        shape(path),
      ]),
    )
  expect(shapes('zh')).toEqual(shapes('en'))
})
