// Replacements of single characters: typographic ones by plain ones, and control characters by nothing.

import { codePages } from './code-pages.ts'

const windows1252 = codePages.find((page) => page.name === 'windows-1252')!

/** Control characters U+0080 … U+009F → the characters of Windows-1252 at the same bytes. */
export function fixC1Controls(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (control) => windows1252.upper[control.charCodeAt(0) - 0x80]!)
}

const ligatures: Record<string, string> = {
  Ĳ: 'IJ',
  ĳ: 'ij',
  ŉ: 'ʼn',
  Ǆ: 'DŽ',
  ǅ: 'Dž',
  ǆ: 'dž',
  Ǉ: 'LJ',
  ǈ: 'Lj',
  ǉ: 'lj',
  Ǌ: 'NJ',
  ǋ: 'Nj',
  ǌ: 'nj',
  Ǳ: 'DZ',
  ǲ: 'Dz',
  ǳ: 'dz',
  ﬀ: 'ff',
  ﬁ: 'fi',
  ﬂ: 'fl',
  ﬃ: 'ffi',
  ﬄ: 'ffl',
  ﬅ: 'ſt',
  ﬆ: 'st',
}

/** Every replacement in ftfy's order, which matters: 'ŉ' becomes 'ʼn' and then "'n". */
export function fixCharacters(text: string): string {
  return (
    fixC1Controls(text)
      .replace(/[ĲĳŉǄ-ǌǱ-ǳﬀ-ﬆ]/g, (ligature) => ligatures[ligature]!)
      // Full width and half width forms as the ordinary ones; the ideographic space as a space.
      .replace(/\u3000/g, ' ')
      .replace(/[\uff01-\uffef]/g, (form) => form.normalize('NFKC'))
      .replace(/[\u201c-\u201f]/g, '"')
      .replace(/[\u02bc\u2018-\u201b]/g, "'")
      .replace(/\r\n?|[\u2028\u2029]/g, '\n')
      // With the flag u, this matches only unpaired surrogates.
      .replace(/[\ud800-\udfff]/gu, '\ufffd')
      // Colours and cursor movements of a terminal.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: matches the escape character on purpose
      .replace(/\x1b\[[\p{Nd};]*[a-zA-Z]/gu, '')
      // Control characters other than white space, deprecated and annotation controls, the byte order mark.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters on purpose
      .replace(/[\x00-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g, '')
  )
}
