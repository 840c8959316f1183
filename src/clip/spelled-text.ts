// Texts that a tokenizer has no words for. CLIP's was made from English: of other scripts it knows single letters or
// bytes, and a model that learnt English captions has seen too few of them to know what they mean.

import type { Tokenizer } from '../tokenizer/tokenize.ts'

/** Words in scripts other than Latin. */
const foreign = /(?:(?![\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}])[\p{L}\p{M}])+/gu
/** Chinese, Japanese and Korean signs stand for syllables or words, so one token for one sign is no spelling. */
const signs = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u
/** A Greek letter by itself is mathematics. */
const symbol = /^\p{Script=Greek}$/u

/** Tokens for each letter, from which on a word counts as spelled. English takes about a quarter. */
const spelledFrom = { signs: 1.2, letters: 0.6 }

/** Whether a text's words in other scripts are spelled in bytes or single letters. */
export function isSpelled({ encode }: Pick<Tokenizer, 'encode'>, text: string): boolean {
  const words = (text.match(foreign) ?? []).filter((word) => !symbol.test(word))
  if (words.length === 0) return false
  const letters = words.reduce((sum, word) => sum + [...word].length, 0)
  const tokens = words.reduce((sum, word) => sum + encode(word).length - 2, 0) // without start and end
  return tokens / letters >= (words.some((word) => signs.test(word)) ? spelledFrom.signs : spelledFrom.letters)
}

/** Whether a tokenizer has the words of CLIP's own, which OpenAI took from English captions; added tokens do not matter. */
export const isClipVocabulary = ({ vocabularySize, piece }: Tokenizer): boolean =>
  vocabularySize >= 49408 && piece(320) === 'a</w>' && piece(2368) === 'cat</w>'
