// The text encoder (§2.4): a causal transformer; a text's embedding is its features at the end-of-text token.

import { stage } from '../graph/scope.ts'
import { constant, type Tensor } from '../graph/tensor.ts'
import type { TextTowerConfig } from './config.ts'
import { layerNorm } from './layers.ts'
import type { Parameters } from './parameters.ts'
import type { TowerOptions } from './towers.ts'
import { type Readout, transformer } from './transformer.ts'

/** Inputs of the text encoder. */
export interface TextInputs {
  /** `[batch, length]`, int32; any length up to the context length, since nothing after end-of-text is read. */
  ids: Tensor
  /** Position of the end-of-text token in each text (`endOf` in clip/text-batches.ts finds it), `[batch, 1]`, int64. */
  end: Tensor
  /** `0 … length − 1`, int32. */
  positions: Tensor
}

/** `[batch, length] → [batch, embedDim]`: the features at the end-of-text token, projected. */
export function textTransformer(
  p: Parameters,
  { ids, end, positions }: TextInputs,
  config: TextTowerConfig,
  embedDim: number,
  { allPositions = false }: TowerOptions = {},
): Tensor {
  const { width, contextLength, vocabularySize, layerNormEpsilon } = config
  const [batch, length] = ids.shape as [number, number]
  const tokens = p.get('token_embedding.weight', vocabularySize, width).gather(ids) // [batch, length, width]
  const places = p.get('positional_embedding', contextLength, width).gather(positions) // [length, width]
  let x = stage('positional_embedding', stage('token_embedding', tokens).add(places))

  const mask = stage('attn_mask', causalMask(positions, contextLength)) // [length, length]
  const atEnd: Readout = {
    select: (y) => y.gatherEach(end).reshape(batch, 1, width), // [batch, length, width] → [batch, 1, width]
    mask: mask.gather(end.reshape(batch)).reshape(batch, 1, 1, length),
  }
  x = transformer(p.at('transformer'), x, config, { mask, readout: allPositions ? undefined : atEnd })

  const norm = (y: Tensor): Tensor => layerNorm(p.at('ln_final'), y, layerNormEpsilon)
  x = allPositions ? stage('pooled', norm(x).gatherEach(end)) : norm(x.reshape(batch, width)) // [batch, width]
  return stage('text_projection', x.matmul(p.get('text_projection', width, embedDim)).is(batch, embedDim))
}

/** −∞ above the diagonal, else 0: no position attends to a later one. @returns `[length, length]` */
export function causalMask(positions: Tensor, contextLength: number): Tensor {
  const mask = Float32Array.from({ length: contextLength ** 2 }, (_, i) =>
    i % contextLength > Math.floor(i / contextLength) ? -Infinity : 0,
  )
  return constant(mask, [contextLength, contextLength]).gather(positions).gather(positions, 1)
}
