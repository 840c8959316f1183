// HTML character references as Python's `html.unescape` decodes them, as HTML 5 defines for text, except that
// references to characters that are not allowed in a document become nothing.

import { fixC1Controls } from './ftfy/characters.ts'
import { html5Entities } from './html-entities.ts'

let entities: Map<string, string> | undefined

/** The text of a named reference without its '&', e.g. 'amp;' or 'amp', or undefined if HTML 5 has no such name. */
export function entityValue(name: string): string | undefined {
  entities ??= parseEntities()
  return entities.get(name)
}

function parseEntities(): Map<string, string> {
  const values = new Map<string, string>()
  for (const [, name, bare, codes] of html5Entities.matchAll(/(\w+)(\??)=(\S+)/g)) {
    const value = String.fromCodePoint(...codes!.split('+').map((code) => Number.parseInt(code, 16)))
    values.set(`${name};`, value)
    if (bare) values.set(name!, value)
  }
  return values
}

const reference = /&(?:#([0-9]+);?|#[xX]([0-9a-fA-F]+);?|([^\t\n\f <&#;]{1,32};?))/gu

export function unescapeHtml(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(reference, (_, decimal?: string, hexadecimal?: string, name?: string) => {
    if (name !== undefined) return named(name)
    return numbered(decimal !== undefined ? Number(decimal) : Number.parseInt(hexadecimal!, 16))
  })
}

/** Matches the longest prefix of `name` that is an entity: '&notit;' is '¬it;'. */
function named(name: string): string {
  for (let length = name.length; length > 1; length--) {
    const value = entityValue(name.slice(0, length))
    if (value !== undefined) return value + name.slice(length)
  }
  return `&${name}`
}

function numbered(code: number): string {
  if (code === 0 || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return '\ufffd'
  return isNonText(code) ? '' : fixC1Controls(String.fromCodePoint(code))
}

const isNonText = (code: number) =>
  code <= 0x08 ||
  code === 0x0b ||
  (code >= 0x0e && code <= 0x1f) ||
  code === 0x7f ||
  (code >= 0xfdd0 && code <= 0xfdef) ||
  (code & 0xfffe) === 0xfffe
