// Detects texts in scripts that a tokenizer spells in single letters or bytes. CLIP's vocabulary was made from English captions,
// and a model trained on those has seen too few texts in other scripts to understand them.

import type { Tokenizer } from '../tokenizer/tokenize.ts'

/** Words in scripts other than Latin. */
const foreign = /(?:(?![\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}])[\p{L}\p{M}])+/gu
/** A Chinese, Japanese or Korean sign is a syllable or a word, so one token for each sign is not spelling. */
const signs = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u
/** A single Greek letter is probably mathematics. */
const symbol = /^\p{Script=Greek}$/u

/** The least tokens per letter that count as spelling. English has about 0.25. */
const spelledFrom = { signs: 1.2, letters: 0.6 }

/** Whether a text's words in other scripts are spelled in bytes or single letters. */
export function isSpelled({ encode }: Pick<Tokenizer, 'encode'>, text: string): boolean {
  const words = (text.match(foreign) ?? []).filter((word) => !symbol.test(word))
  if (words.length === 0) return false
  const letters = words.reduce((sum, word) => sum + [...word].length, 0)
  const tokens = words.reduce((sum, word) => sum + encode(word).length - 2, 0) // without start and end
  return tokens / letters >= (words.some((word) => signs.test(word)) ? spelledFrom.signs : spelledFrom.letters)
}

/** Whether a tokenizer has CLIP's English vocabulary, with or without added tokens. */
export const isClipVocabulary = ({ vocabularySize, piece }: Tokenizer): boolean =>
  vocabularySize >= 49408 && piece(320) === 'a</w>' && piece(2368) === 'cat</w>'
