// The glossary's terms in the READMEs and in docs/: phrases that it rules out are not there.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const pagesOf = (language: string, readme: string): string[] => [
  readme,
  ...readdirSync(join(root, 'docs', language), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && name !== 'glossary.md')
    .map((name) => join('docs', language, name)),
]

/** Prose: without code, addresses and the names of files. */
const proseOf = (page: string): string =>
  readFileSync(join(root, page), 'utf8')
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, '')
    .replace(/\]\([^)]*\)/g, ']')

it.each([
  [
    'en',
    'README.md',
    /\b(by lot|unless told|is told|gone on|goes on from|begins as|a fault of typeclip|pictures?)\b/gi,
  ],
  [
    'zh',
    'README.zh.md',
    /(?<!class |[\w-])(?:tokens?|embeddings?)(?![\w-])|图片|图像塔|文字塔|文本塔|奈特|歇脚处|提示语|仅凭文字/g,
  ],
] as const)('keeps to the terms of the glossary in %s', (language, readme, ruledOut) => {
  const found = pagesOf(language, readme).flatMap((page) =>
    [...proseOf(page).matchAll(ruledOut)].map(({ 0: phrase }) => `${page}: ${phrase}`),
  )
  expect(found).toEqual([])
})
