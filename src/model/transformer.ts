// The residual attention block and its stack, for both towers (§2.4; "pre-norm", as in GPT-2).

import { layer, stage } from '../graph/scope.ts'
import { knownDim } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { TransformerConfig } from './config.ts'
import { activations, layerNorm, linear } from './layers.ts'
import type { Parameters } from './parameters.ts'

export interface AttentionOptions {
  heads: number
  /** Added to the scores before the softmax: 0 where a position may look, −∞ where not. `[length, length]` */
  mask?: Tensor | undefined
  /** Picks the positions whose output is wanted, `[batch, length, w] → [batch, read, w]`; all, if left out. */
  read?: Read | undefined
}

export interface Read {
  (x: Tensor): Tensor
  /** The mask's rows at those positions, to be broadcast over `[batch, heads, read, length]`. */
  mask?: Tensor | undefined
}

/** `softmax(Q Kᵀ / √d + mask) V` for each head, then the output projection. `[batch, length, w] → [batch, read, w]` */
export const attention = layer((p: Parameters, x: Tensor, { heads, mask, read }: AttentionOptions): Tensor => {
  const width = knownDim(x.shape, -1)
  const headWidth = width / heads
  const packed = x.matmulTransposed(p.get('in_proj_weight', 3 * width, width)).add(p.get('in_proj_bias', 3 * width))
  const [q, k, v] = packed.split(-1, 3) as [Tensor, Tensor, Tensor]
  const asked = read ? read(q) : q
  const [batch, length] = x.shape as [number, number]
  const rows = asked.shape[1]!

  const scores = asked
    .reshape(batch, rows, heads, headWidth)
    .transpose(0, 2, 1, 3)
    .mul(headWidth ** -0.5)
    .matmulTransposed(k.reshape(batch, length, heads, headWidth).transpose(0, 2, 1, 3)) // [batch, heads, rows, length]
  const allowed = read?.mask ?? mask
  const weights = stage('weights', (allowed ? scores.add(allowed) : scores).softmax())
  const mixed = weights.matmul(v.reshape(batch, length, heads, headWidth).transpose(0, 2, 1, 3))
  return linear(p.at('out_proj'), mixed.transpose(0, 2, 1, 3).reshape(batch, rows, width), width)
})

/** `c_proj(activation(c_fc(x)))` */
export const mlp = layer((p: Parameters, x: Tensor, { width, mlpWidth, activation }: TransformerConfig): Tensor => {
  const hidden = linear(p.at('c_fc'), x, mlpWidth)
  return linear(p.at('c_proj'), stage('gelu', activations[activation](hidden)), width)
})

/** `x + attention(ln_1(x))`, then `x + mlp(ln_2(x))`. */
export const residualAttentionBlock = layer(
  (
    p: Parameters,
    x: Tensor,
    config: TransformerConfig,
    { mask, read }: Omit<AttentionOptions, 'heads'> = {},
  ): Tensor => {
    const { heads, layerNormEpsilon } = config
    const attended = attention(p.at('attn'), layerNorm(p.at('ln_1'), x, layerNormEpsilon), { heads, mask, read })
    const y = (read ? read(x) : x).add(attended)
    return y.add(mlp(p.at('mlp'), layerNorm(p.at('ln_2'), y, layerNormEpsilon), config))
  },
)

/**
 * All blocks in order. `[batch, length, w] → [batch, read, w]`: what a tower does not read of the last block is not
 * computed there, which leaves the result the same.
 */
export const transformer = layer(
  (
    p: Parameters,
    x: Tensor,
    config: TransformerConfig,
    { mask, read }: Omit<AttentionOptions, 'heads'> = {},
  ): Tensor => {
    const blocks = p.at('resblocks')
    for (let i = 0; i < config.layers; i++) {
      x = residualAttentionBlock(blocks.at(i), x, config, { mask, read: i === config.layers - 1 ? read : undefined })
    }
    return x
  },
)
