// The files of a Hugging Face CLIPTokenizer, from the merges that ship with typeclip.

import { jsonText } from '../files/json-text.ts'
import { createBytePairEncoding, firstMerged, type Merges } from '../tokenizer/bpe.ts'

const start = '<|startoftext|>'
const end = '<|endoftext|>'

/** `vocab.json`, `merges.txt` and their settings, by file name. */
export function huggingFaceTokenizer(merges: Merges, contextLength: number): Record<string, string> {
  const pieces = createBytePairEncoding(merges).pieces()
  const vocabulary = Object.fromEntries([...pieces, start, end].map((piece, id) => [piece, id]))
  const lines = Array.from(
    pieces.slice(firstMerged),
    (_, i) => `${pieces[merges[2 * i]!]} ${pieces[merges[2 * i + 1]!]}`,
  )
  const special = { bos_token: start, eos_token: end, pad_token: end, unk_token: end }
  return {
    'vocab.json': JSON.stringify(vocabulary),
    'merges.txt': `#version: 0.2\n${lines.join('\n')}\n`,
    'special_tokens_map.json': jsonText(special),
    'tokenizer_config.json': jsonText({
      ...special,
      tokenizer_class: 'CLIPTokenizer',
      processor_class: 'CLIPProcessor',
      model_max_length: contextLength,
      add_prefix_space: false,
      do_lower_case: true,
      errors: 'replace',
    }),
  }
}
