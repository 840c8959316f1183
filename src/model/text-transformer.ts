// The text tower (§2.4): a causal transformer whose embedding is read at end-of-text.

import { stage } from '../graph/scope.ts'
import { constant, type Tensor } from '../graph/tensor.ts'
import type { TextTowerConfig } from './config.ts'
import { layerNorm } from './layers.ts'
import type { Parameters } from './parameters.ts'
import { type Read, transformer } from './transformer.ts'
import type { TowerOptions } from './vision-transformer.ts'

/** What the text tower reads: the ids, and where in each text the embedding is. */
export interface TextInputs {
  /** `[batch, length]`, int32; any length up to the context's, since nothing after end-of-text is ever read. */
  ids: Tensor
  /** Position of end-of-text in each, `[batch, 1]`, int64. */
  end: Tensor
  /** `0 … length − 1`, int32: the positions that are embedded. */
  positions: Tensor
}

/** `[batch, length] → [batch, embedDim]` */
export function textTransformer(
  p: Parameters,
  { ids, end, positions }: TextInputs,
  config: TextTowerConfig,
  embedDim: number,
  { whole = false }: TowerOptions = {},
): Tensor {
  const { width, contextLength, vocabularySize, layerNormEpsilon } = config
  const tokens = p.get('token_embedding.weight', vocabularySize, width).gather(ids) // [batch, length, width]
  const places = p.get('positional_embedding', contextLength, width).gather(positions)
  let x = stage('positional_embedding', stage('token_embedding', tokens).add(places))

  const everyMask = constant(causalMask(contextLength), [contextLength, contextLength])
  const mask = stage('attn_mask', everyMask.gather(positions).gather(positions, 1)) // [length, length]
  const [batch, length] = ids.shape as [number, number]
  const atEnd: Read = (y) => y.gatherEach(end).reshape(batch, 1, width)
  atEnd.mask = mask.gather(end.reshape(batch)).reshape(batch, 1, 1, length)
  x = transformer(p.at('transformer'), x, config, { mask, read: whole ? undefined : atEnd })

  if (whole) x = stage('pooled', layerNorm(p.at('ln_final'), x, layerNormEpsilon).gatherEach(end))
  else x = layerNorm(p.at('ln_final'), x.reshape(batch, width), layerNormEpsilon)
  return stage('text_projection', x.matmul(p.get('text_projection', width, embedDim)).is(batch, embedDim))
}

/** −∞ above the diagonal: no position looks at a later one. */
export function causalMask(length: number): Float32Array {
  return Float32Array.from({ length: length * length }, (_, i) => (i % length > Math.floor(i / length) ? -Infinity : 0))
}
