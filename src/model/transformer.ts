// The residual attention block and its stack, for both encoders (§2.4; "pre-norm", as in GPT-2).

import { layer, stage } from '../graph/scope.ts'
import { knownDim } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { TransformerConfig } from './config.ts'
import { activations, layerNorm, linear } from './layers.ts'
import type { Parameters } from './parameters.ts'

export interface AttentionOptions {
  heads: number
  /** Added to the scores before the softmax: −∞ where a position may not attend, else 0. `[length, length]` */
  mask?: Tensor | undefined
  /** Default: all positions. */
  readout?: Readout | undefined
}

/** The positions whose output is needed; only their queries are computed. */
export interface Readout {
  /** `[batch, length, w] → [batch, rows, w]` */
  select(x: Tensor): Tensor
  /** The mask's rows at those positions, broadcast over `[batch, heads, rows, length]`. */
  mask?: Tensor | undefined
}

/** `softmax(Q Kᵀ / √d + mask) V` for each head, then the output projection. `[batch, length, w] → [batch, rows, w]` */
export const attention = layer((p: Parameters, x: Tensor, { heads, mask, readout }: AttentionOptions): Tensor => {
  const width = knownDim(x.shape, -1)
  const headWidth = width / heads
  const packed = x.matmulTransposed(p.get('in_proj_weight', 3 * width, width)).add(p.get('in_proj_bias', 3 * width))
  const [q, k, v] = packed.split(-1, 3) as [Tensor, Tensor, Tensor]
  const queries = readout ? readout.select(q) : q // [batch, rows, w]
  const [batch, length] = x.shape as [number, number]
  const rows = queries.shape[1]!

  const scores = queries
    .reshape(batch, rows, heads, headWidth)
    .transpose(0, 2, 1, 3)
    .mul(headWidth ** -0.5)
    .matmulTransposed(k.reshape(batch, length, heads, headWidth).transpose(0, 2, 1, 3)) // [batch, heads, rows, length]
  const rowMask = readout?.mask ?? mask
  const weights = stage('weights', (rowMask ? scores.add(rowMask) : scores).softmax())
  const mixed = weights.matmul(v.reshape(batch, length, heads, headWidth).transpose(0, 2, 1, 3)) // [batch, heads, rows, d]
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
    { mask, readout }: Omit<AttentionOptions, 'heads'> = {},
  ): Tensor => {
    const { heads, layerNormEpsilon } = config
    const attended = attention(p.at('attn'), layerNorm(p.at('ln_1'), x, layerNormEpsilon), { heads, mask, readout })
    const y = (readout ? readout.select(x) : x).add(attended)
    return y.add(mlp(p.at('mlp'), layerNorm(p.at('ln_2'), y, layerNormEpsilon), config))
  },
)

/** All blocks in order: `[batch, length, w] → [batch, rows, w]`. The last block computes the readout's positions alone. */
export const transformer = layer(
  (
    p: Parameters,
    x: Tensor,
    config: TransformerConfig,
    { mask, readout }: Omit<AttentionOptions, 'heads'> = {},
  ): Tensor => {
    const blocks = p.at('resblocks')
    for (let i = 0; i < config.layers; i++) {
      const last = i === config.layers - 1
      x = residualAttentionBlock(blocks.at(i), x, config, { mask, readout: last ? readout : undefined })
    }
    return x
  },
)
