// Undoing mojibake: UTF-8 that was read in a single-byte encoding ('schÃ¶n' for 'schön'), once or several times.

import { isBad } from './badness.ts'
import { fixC1Controls } from './characters.ts'
import { codePages, encodeIn } from './code-pages.ts'
import { decodeUtf8, replaceLossySequences, restoreA0 } from './utf8.ts'

/** The repaired text, or the text itself if it does not look like mojibake. */
export function fixEncoding(text: string): string {
  for (;;) {
    const fixed = fixOnce(text)
    if (fixed === text) return text
    text = fixed
  }
}

function fixOnce(text: string): string {
  if (!isBad(text)) return text
  for (const page of codePages) {
    let bytes = encodeIn(page, text)
    if (bytes === undefined) continue
    // In Mac Roman this would mistake an en dash before a space for a lost byte.
    if (page.name !== 'macroman') bytes = restoreA0(bytes)
    if (page.sloppy) bytes = replaceLossySequences(bytes)
    const decoded = decodeUtf8(bytes)
    if (decoded !== undefined) return decoded
  }
  const fixed = fixEmbedded(text)
  return fixed === text ? fixC1Controls(text) : fixed
}

// A run of mojibake inside other text is found by characters that encode UTF-8 lead bytes, followed by characters
// that encode continuation bytes, in any of the encodings that resemble Latin-1.
const latinLike = codePages.filter((page) => page.sloppy || page.name === 'latin-1')
const readings = (...bytes: number[]) =>
  latinLike.map((page) => bytes.map((b) => page.upper[b - 0x80]).join('')).join('')
const between = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i)

const firstOfTwo = readings(...between(0xc2, 0xdf))
const firstOfThree = readings(...between(0xe0, 0xef))
const firstOfFour = readings(0xf0, 0xf3)
const continuation = readings(...between(0x80, 0xbf))
// Dashes, quotes, bullets and ellipses also occur unencoded next to mojibake.
const strictContinuation = continuation.replace(/[–—―‘’‚“”„•…]/gu, '')

const embedded = new RegExp(
  `(?<![${strictContinuation}])` +
    `(?:[${firstOfTwo}][${continuation} ]|[${firstOfThree}][${continuation} ]{2}|[${firstOfFour}][${continuation} ]{3})+`,
  'gu',
)

/** Repairs runs of mojibake inside other text. */
function fixEmbedded(text: string): string {
  return text.replace(embedded, (run) => (run.length < text.length && isBad(run) ? fixEncoding(run) : run))
}
