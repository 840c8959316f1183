// Tokens added to a vocabulary (special tokens, a new word of textual inversion), found in a text before it is split
// into words, as Hugging Face's tokenizers do.

export interface AddedToken {
  id: number
  content: string
  /** Match in the normalised text; otherwise in the text as given. */
  normalized: boolean
  /** Do not match inside a longer word. */
  singleWord: boolean
}

/** A part of a text: one added token, or normalised text between them. */
export type Part = { id: number } | { text: string }

/** Splits texts at added tokens, the longest match first: in the text as given, then in the normalised text. */
export function addedTokenSplitter(
  tokens: readonly AddedToken[],
  normalize: (text: string) => string,
): (text: string) => Part[] {
  const asGiven = splitter(
    tokens.filter((token) => !token.normalized),
    (content) => content,
  )
  const normalized = splitter(
    tokens.filter((token) => token.normalized),
    normalize,
  )
  return (text) => asGiven(text).flatMap((part) => ('id' in part ? [part] : normalized(normalize(part.text)))) as Part[]
}

// A word character of Rust's regular expressions.
const wordBefore = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u
const wordAfter = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u

function splitter(tokens: readonly AddedToken[], spelling: (content: string) => string): (text: string) => Part[] {
  // The first of two tokens with one spelling counts.
  const bySpelling = new Map([...tokens].reverse().map((token) => [spelling(token.content), token]))
  bySpelling.delete('')
  if (bySpelling.size === 0) return (text) => [{ text }]
  const longestFirst = [...bySpelling.keys()].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'), 'gu')
  return (text) => {
    const parts: Part[] = []
    let from = 0
    for (const match of text.matchAll(pattern)) {
      const { id, singleWord } = bySpelling.get(match[0])!
      const to = match.index + match[0].length
      if (singleWord && (wordBefore.test(text.slice(0, match.index)) || wordAfter.test(text.slice(to)))) continue
      if (match.index > from) parts.push({ text: text.slice(from, match.index) })
      parts.push({ id })
      from = to
    }
    if (from < text.length) parts.push({ text: text.slice(from) })
    return parts
  }
}
