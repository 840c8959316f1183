// White space as Python's `str.strip`, `str.split` and `re` define it: with U+001C … U+001F and U+0085, without U+FEFF,
// unlike JavaScript's `trim` and `\s`.

/** A regular expression's source for one white space character. */
export const whitespace = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'

const runs = new RegExp(`${whitespace}+`, 'g')

/** Runs of white space as one space, and none at the ends: Python's `' '.join(text.split())`. */
export function collapseWhitespace(text: string): string {
  return text.replace(runs, ' ').replace(/^ | $/g, '')
}
