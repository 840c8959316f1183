// Splitting cleaned text into the words that byte pair encoding works on, by CLIP's pattern.

/**
 * A pattern for special tokens, English contractions, runs of letters, single digits, and runs of anything else that is
 * not white space. The reference ignores case by Python's rules: 's' also matches 'ſ', and U+0345 (which folds to the
 * letter ι without being a letter) matches nothing. JavaScript's flag `i` would take it for a letter, so it is not used.
 */
export function wordPattern(specialTokens: readonly string[]): RegExp {
  const literal = [...specialTokens, "'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map(inAnyCase)
  return new RegExp([...literal, '\\p{L}+', '\\p{N}', '[^\\p{White_Space}\\p{L}\\p{N}\\u0345]+'].join('|'), 'gu')
}

function inAnyCase(text: string): string {
  return text.replace(/[^<>_']/g, (character) => {
    if (character === 's') return '[sSſ]'
    return /[a-z]/.test(character) ? `[${character}${character.toUpperCase()}]` : `\\${character}`
  })
}

// Hugging Face's pattern has no rules of case and does not treat U+0345 as a letter.
const contractions = "'s|'t|'re|'ve|'m|'ll|'d"
const plainWords = new RegExp(`${contractions}|\\p{L}+|\\p{N}|[^\\p{White_Space}\\p{L}\\p{N}]+`, 'gu')
const literals = /^(<\|startoftext\|>|<\|endoftext\|>)$/
const wordsAndLiterals = new RegExp(`<\\|startoftext\\|>|<\\|endoftext\\|>|${plainWords.source}`, 'gu')

/**
 * Words of normalised text, as the two steps of Hugging Face's CLIPTokenizer give them: the second step splits a special
 * token that the text spells out and that was not recognised as one.
 */
export function huggingFaceWords(text: string): string[] {
  return (text.match(wordsAndLiterals) ?? []).flatMap((word) =>
    literals.test(word) ? (word.match(plainWords) ?? []) : [word],
  )
}
