// The decoder that writes captions, of Figure 2's transformer language model: a causal transformer of the text tower's
// size that looks at the image tower's grid in every block, after VirTex (Desai and Johnson 2021). The paper does not
// say how its model sees the picture; this is our choice.

import { layer } from '../graph/scope.ts'
import { knownDim } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { TextTowerConfig } from './config.ts'
import { layerNorm, linear } from './layers.ts'
import type { Parameters } from './parameters.ts'
import { causalMask, type TextInputs } from './text-transformer.ts'
import { attention, mlp } from './transformer.ts'

/**
 * Every position of a text asks every place of a picture: `softmax(Q Kᵀ / √d) V` for each head, then the output
 * projection. `[texts, length, w]` with `[texts, places, w]`, or `[1, places, w]` for one picture → `[texts, length, w]`
 */
const crossAttention = layer((p: Parameters, x: Tensor, places: Tensor, heads: number): Tensor => {
  const width = knownDim(x.shape, -1)
  const split = (y: Tensor): Tensor => y.reshape(y.shape[0]!, y.shape[1]!, heads, width / heads)
  const q = split(linear(p.at('q_proj'), x, width)).transpose(0, 2, 1, 3)
  const k = split(linear(p.at('k_proj'), places, width)).transpose(0, 2, 1, 3)
  const v = split(linear(p.at('v_proj'), places, width)).transpose(0, 2, 1, 3)
  const scores = q.mul((width / heads) ** -0.5).matmulTransposed(k) // [texts, heads, length, places]
  const mixed = scores.softmax().matmul(v).transpose(0, 2, 1, 3)
  return linear(p.at('out_proj'), mixed.reshape(...x.shape), width)
})

/**
 * `x + attention(ln_1(x))`, then `x + cross_attn(ln_cross(x), places)`, then `x + mlp(ln_2(x))`; before the blocks the
 * grid is brought to their width, once.
 *
 * @param grid `['batch', places, any width]`, or `[1, places, any width]` for one picture and many texts
 * @returns what the next token is told by, `[batch, length, width]`
 */
export const captionDecoder = layer(
  (p: Parameters, grid: Tensor, { ids, positions }: TextInputs, config: TextTowerConfig): Tensor => {
    const { width, heads, layers, contextLength, layerNormEpsilon } = config
    const places = linear(p.at('image_projection'), grid, width)
    const mask = causalMask(positions, contextLength) // [length, length]
    const norm = (of: Parameters, y: Tensor): Tensor => layerNorm(of, y, layerNormEpsilon)

    let x = wordEmbedding(p, config).gather(ids)
    x = x.add(p.get('positional_embedding', contextLength, width).gather(positions))
    for (let i = 0; i < layers; i++) {
      const block = p.at('transformer').at('resblocks').at(i)
      x = x.add(attention(block.at('attn'), norm(block.at('ln_1'), x), { heads, mask }))
      x = x.add(crossAttention(block.at('cross_attn'), norm(block.at('ln_cross'), x), places, heads))
      x = x.add(mlp(block.at('mlp'), norm(block.at('ln_2'), x), config))
    }
    return norm(p.at('ln_final'), x)
  },
)

/** What words are read with, and told by: the two are one, `[vocabulary, width]`. */
export const wordEmbedding = (p: Parameters, { vocabularySize, width }: TextTowerConfig): Tensor =>
  p.get('token_embedding.weight', vocabularySize, width)
