// The Vision Transformer image tower (§2.4): patches, a class token, positions, blocks, one projection.

import { layer, stage } from '../graph/scope.ts'
import { concat, type Tensor } from '../graph/tensor.ts'
import type { VisionTransformerConfig } from './config.ts'
import { conv2d, layerNorm } from './layers.ts'
import type { Parameters } from './parameters.ts'
import { type Read, transformer } from './transformer.ts'

export interface TowerOptions {
  /** Computes every position of every block, for looking at; the embedding is the same. */
  whole?: boolean
  /** Batch normalisation by the batch's own statistics. */
  training?: boolean
  /** Ends before pooling: what the image tower knows of each place, `[batch, places, width]`. */
  grid?: boolean
}

/** `[batch, 3, n, n] → [batch, embedDim]` */
export const visionTransformer = layer(
  (
    p: Parameters,
    x: Tensor,
    config: VisionTransformerConfig,
    embedDim: number,
    { whole = false, grid: wantsGrid = false }: TowerOptions = {},
  ) => {
    const { width, imageSize, patchSize, layerNormEpsilon } = config
    const grid = Math.floor(imageSize / patchSize)
    const patches = grid * grid
    const [batch] = x.is('batch', 3, imageSize, imageSize).shape as [number]

    x = conv2d(p.at('conv1'), x, width, patchSize, { stride: patchSize }) // [batch, width, grid, grid]
    x = stage('patches', x.reshape(batch, width, patches).transpose(0, 2, 1)) // [batch, patches, width]
    const classToken = p
      .get('class_embedding', width)
      .reshape(1, 1, width)
      .expandLike(x.slice(1, 0, 1))
    x = stage('class_embedding', concat([classToken, x], 1)) // [batch, 1 + patches, width]
    x = stage('positional_embedding', x.add(p.get('positional_embedding', patches + 1, width)))
    if (config.preNorm) x = layerNorm(p.at('ln_pre'), x, layerNormEpsilon)

    const classPosition: Read = (y) => y.slice(1, 0, 1)
    const read = config.pool === 'token' && !whole && !wantsGrid ? classPosition : undefined
    x = transformer(p.at('transformer'), x, config, { read })

    const norm = (y: Tensor): Tensor => layerNorm(p.at('ln_post'), y, layerNormEpsilon)
    if (wantsGrid) return norm(x).slice(1, 1, patches + 1)
    const pool = {
      token: (y: Tensor) => y.slice(1, 0, 1).reshape(batch, width),
      average: (y: Tensor) => y.slice(1, 1, patches + 1).mean([1], false),
    }[config.pool]
    x = config.normAfterPool || config.pool === 'token' ? norm(pool(x)) : pool(norm(x))
    x = stage('pooled', x)
    return stage('proj', x.matmul(p.get('proj', width, embedDim)).is(batch, embedDim))
  },
)
