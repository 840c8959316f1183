// Decodes UTF-8, after repairing common damage by other programs. Bytes are held as a string of
// characters U+0000 … U+00FF (see code-pages.ts).

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The text of UTF-8 bytes; undefined if they are not UTF-8. Two variants are read too: CESU-8, where each half of a
 * surrogate pair is written in three bytes, and Java's two bytes C0 80 for U+0000.
 */
export function decodeUtf8(bytes: string): string | undefined {
  const standard = /[\xc0\xed]/.test(bytes) ? standardise(bytes) : bytes
  try {
    return strict.decode(Uint8Array.from(standard, (byte) => byte.charCodeAt(0)))
  } catch {
    return undefined
  }
}

// Where Python's `$` would match before a last line feed, ftfy's decoder treats that line feed as a continuation byte;
// `\n$` keeps that.
const javaNull = /\xc0(?:\x80|\n$)/g
const surrogatePair = /\xed([\xa0-\xaf])([\x80-\xbf])\xed([\xb0-\xbf])([\x80-\xbf]|\n$)/g

function standardise(bytes: string): string {
  return bytes.replace(javaNull, '\0').replace(surrogatePair, (_, ...group: string[]) => {
    const [a, b, c, d] = group.slice(0, 4).map((byte) => byte.charCodeAt(0)) as [number, number, number, number]
    const codePoint = 0x10000 + ((a & 0x0f) << 16) + ((b & 0x3f) << 10) + ((c & 0x0f) << 6) + (d & 0x3f)
    return String.fromCharCode(
      0xf0 | (codePoint >> 18),
      0x80 | ((codePoint >> 12) & 0x3f),
      0x80 | ((codePoint >> 6) & 0x3f),
      0x80 | (codePoint & 0x3f),
    )
  })
}

// 'Ã' and a space is 'à' that lost its byte A0 to a space, and the space after it with that: 'Ã la mode'. Not so in
// the Portuguese words 'àquele', 'àquela', 'àquilo' and 'às'.
const aGraveWord = /\xc3 (?! |quele|quela|quilo|s )/g

// Sequences that would be UTF-8 if their space were byte A0, limited to lead bytes where the result is a likely
// character.
const spaceForA0 = new RegExp(
  [
    '[\xc2\xc3\xc5\xce\xd0\xd9] ',
    '[\xe2\xe3] [\x80-\x84\x86-\x9f\xa1-\xbf]',
    '[\xe0-\xe3][\x80-\x84\x86-\x9f\xa1-\xbf] ',
    '\xf0 [\x80-\xbf][\x80-\xbf]',
    '\xf0[\x80-\xbf] [\x80-\xbf]',
    '\xf0[\x80-\xbf][\x80-\xbf] ',
  ].join('|'),
  'g',
)

/** Puts back the bytes A0 (no-break space in Latin-1) that some program turned into spaces. */
export function restoreA0(bytes: string): string {
  return bytes.replace(aGraveWord, '\xc3\xa0 ').replace(spaceForA0, (sequence) => sequence.replaceAll(' ', '\xa0'))
}

// UTF-8 sequences in which bytes are lost: 1A marks a lost byte, and at most one '?' may.
const lossySequence = new RegExp(
  [
    '[\xc2-\xdf]\x1a',
    '[\xc2-\xc3]\\?',
    '\xed[\xa0-\xaf][\x1a?]\xed[\xb0-\xbf][\x1a?\x80-\xbf]',
    '\xed[\xa0-\xaf][\x1a?\x80-\xbf]\xed[\xb0-\xbf][\x1a?]',
    '[\xe0-\xef][\x1a?][\x1a\x80-\xbf]',
    '[\xe0-\xef][\x1a\x80-\xbf][\x1a?]',
    '[\xf0-\xf4][\x1a?][\x1a\x80-\xbf][\x1a\x80-\xbf]',
    '[\xf0-\xf4][\x1a\x80-\xbf][\x1a?][\x1a\x80-\xbf]',
    '[\xf0-\xf4][\x1a\x80-\xbf][\x1a\x80-\xbf][\x1a?]',
    '\x1a',
  ].join('|'),
  'g',
)

/** Replaces sequences with lost bytes by the UTF-8 of U+FFFD. */
export function replaceLossySequences(bytes: string): string {
  return bytes.replace(lossySequence, '\xef\xbf\xbd')
}
