/**
 * `typeclip/tokenizer`: texts to token ids as `clip.tokenize` gives them. It loads no model and no native library.
 *
 * {@includeCode ../../examples/tokenize.ts}
 *
 * @module typeclip/tokenizer
 */

export type { Cleaning } from '../tokenizer/clean.ts'
export {
  type Convention,
  type TokenizeOptions,
  type Tokenizer,
  type TokenizerOptions,
  type Tokens,
  tokenize,
} from '../tokenizer/tokenize.ts'
export { loadTokenizer } from '../tokenizer/vocabulary.node.ts'
