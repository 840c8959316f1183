// The caption decoder of Figure 2's transformer language model: a causal transformer of the text encoder's size that
// attends to the image encoder's grid in every block, after VirTex (Desai and Johnson 2021). The paper does not say how its
// model sees the image; this is our choice.

import { layer } from '../graph/scope.ts'
import { knownDim } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { TextTowerConfig } from './config.ts'
import { layerNorm, linear } from './layers.ts'
import type { Parameters } from './parameters.ts'
import { causalMask, type TextInputs } from './text-transformer.ts'
import { attention, mlp } from './transformer.ts'

/**
 * Attention from each position of a text to each position of an image: `softmax(Q Kᵀ / √d) V` for each head, then the output
 * projection. `[texts, length, w]` and `[texts, places, w]`, or `[1, places, w]` for one image → `[texts, length, w]`
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
 * The grid is projected to the decoder's width once; each block then computes `x + attention(ln_1(x))`,
 * `x + cross_attn(ln_cross(x), places)` and `x + mlp(ln_2(x))`.
 *
 * @param grid `['batch', places, any width]`, or `[1, places, any width]` for one image and many texts
 * @returns features that predict the next token, `[batch, length, width]`
 */
export const captionDecoder = layer(
  (p: Parameters, grid: Tensor, { ids, positions }: TextInputs, config: TextTowerConfig): Tensor => {
    const { width, heads, layers, contextLength, layerNormEpsilon } = config
    const places = linear(p.at('image_projection'), grid, width)
    const mask = causalMask(positions, contextLength) // [length, length]
    const norm = (parameters: Parameters, y: Tensor): Tensor => layerNorm(parameters, y, layerNormEpsilon)

    let x = tokenEmbedding(p, config).gather(ids)
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

/** Input and output token embeddings are tied: `[vocabulary, width]`. */
export const tokenEmbedding = (p: Parameters, { vocabularySize, width }: TextTowerConfig): Tensor =>
  p.get('token_embedding.weight', vocabularySize, width)
