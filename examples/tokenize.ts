// Texts to token ids and back, as clip.tokenize gives them. No model and no native library is loaded.

import { loadTokenizer, tokenize } from 'typeclip/tokenizer'

const tokenizer = await loadTokenizer()
const captions = ['a photo of a cat', 'Two dogs & a ball.']

const { ids, lengths, shape } = tokenize(tokenizer, captions) // [2, 77], padded with 0
for (const [i, caption] of captions.entries()) {
  const own = [...ids.subarray(i * shape[1], i * shape[1] + lengths[i]!)]
  console.log(`${caption}: ${own.join(' ')}`)
  console.log(own.map(tokenizer.piece).join(' '))
}
console.log(tokenizer.decode([320, 1125, 539, 320, 2368]))
