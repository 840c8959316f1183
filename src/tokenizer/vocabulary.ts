// Caches tokenizers, and reads the merges once, from a source that depends on the platform.

import type { Merges } from './bpe.ts'
import { createTokenizer, type Tokenizer, type TokenizerOptions } from './tokenize.ts'

export function tokenizerLoader(readMerges: () => Promise<Merges>): (options?: TokenizerOptions) => Promise<Tokenizer> {
  let merges: Promise<Merges> | undefined
  const tokenizers = new Map<string, Tokenizer>()
  return async (options = {}) => {
    merges ??= readMerges()
    // Allow another try after a failed read.
    merges.catch(() => {
      merges = undefined
    })
    const read = await merges
    const key = `${options.convention} ${options.clean}`
    const tokenizer = tokenizers.get(key) ?? createTokenizer(read, options)
    tokenizers.set(key, tokenizer)
    return tokenizer
  }
}
