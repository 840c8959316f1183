// Links between the documents lead somewhere: every relative path exists, and every #anchor is a heading.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n')

/** A heading's anchor as code hosts make it: lower case, no punctuation, hyphens for spaces. */
function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>()
  const withoutCode = text.replace(/^```[\s\S]*?^```/gm, '')
  return [...withoutCode.matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading]) => {
    const plain = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '')
    const slug = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-')
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    return count === 0 ? slug : `${slug}-${count}`
  })
}

it('documents link to what is there', () => {
  let links = 0
  const broken = documents.flatMap((document) => {
    const text = readFileSync(join(root, document), 'utf8').replace(/^```[\s\S]*?^```/gm, '')
    return [...text.matchAll(/\]\(([^()\s]+(?:\([^()\s]*\))?[^()\s]*)\)/g)].flatMap(([, target]) => {
      if (/^[a-z]+:/.test(target!)) return []
      links++
      const [path, anchor] = target!.split('#')
      const file = path === '' ? join(root, document) : join(root, dirname(document), decodeURI(path!))
      if (!existsSync(file)) return [`${document}: ${target} (there is no ${relative(root, file)})`]
      if (anchor === undefined || !file.endsWith('.md')) return []
      const known = anchorsOf(readFileSync(file, 'utf8'))
      return known.includes(decodeURIComponent(anchor)) ? [] : [`${document}: ${target} (no such heading)`]
    })
  })
  expect(links).toBeGreaterThan(50)
  expect(broken).toEqual([])
})
