// The Vision Transformer image encoder (§2.4): patches, a class token, positions, blocks, one projection.

import { layer, stage } from '../graph/scope.ts'
import { concat, type Tensor } from '../graph/tensor.ts'
import type { VisionTransformerConfig } from './config.ts'
import { conv2d, layerNorm } from './layers.ts'
import type { Parameters } from './parameters.ts'
import type { TowerOptions } from './towers.ts'
import { type Readout, transformer } from './transformer.ts'

/** `[batch, 3, n, n] → [batch, embedDim]` */
export const visionTransformer = layer(
  (
    p: Parameters,
    image: Tensor,
    config: VisionTransformerConfig,
    embedDim: number,
    { allPositions = false }: TowerOptions,
  ) => {
    const { width, pool, normAfterPool, layerNormEpsilon } = config
    const atClassToken: Readout = { select: (y) => y.slice(1, 0, 1) } // [batch, length, width] → [batch, 1, width]
    let x = trunk(p, image, config, pool === 'token' && !allPositions ? atClassToken : undefined)
    const [batch] = x.shape as [number]

    const norm = (y: Tensor): Tensor => layerNorm(p.at('ln_post'), y, layerNormEpsilon)
    const pooled = {
      token: (y: Tensor) => y.slice(1, 0, 1).reshape(batch, width), // [batch, width]
      average: (y: Tensor) => patchesOf(y, config).mean([1], false), // [batch, width]
    }[pool]
    x = normAfterPool || pool === 'token' ? norm(pooled(x)) : pooled(norm(x))
    x = stage('pooled', x)
    return stage('proj', x.matmul(p.get('proj', width, embedDim)).is(batch, embedDim))
  },
)

/** Before pooling, without the class token: `[batch, 3, n, n] → [batch, patches, width]` */
export const visionTransformerGrid = layer((p: Parameters, image: Tensor, config: VisionTransformerConfig): Tensor => {
  const x = layerNorm(p.at('ln_post'), trunk(p, image, config), config.layerNormEpsilon)
  return patchesOf(x, config)
})

const gridSize = ({ imageSize, patchSize }: VisionTransformerConfig): number => Math.floor(imageSize / patchSize)
const patchesOf = (x: Tensor, config: VisionTransformerConfig): Tensor => x.slice(1, 1, gridSize(config) ** 2 + 1)

/** Everything up to the last block: `[batch, 3, n, n] → [batch, 1 + patches, width]`, or what the readout selects. */
function trunk(p: Parameters, image: Tensor, config: VisionTransformerConfig, readout?: Readout): Tensor {
  const { width, imageSize, patchSize, preNorm, layerNormEpsilon } = config
  const patches = gridSize(config) ** 2
  const [batch] = image.is('batch', 3, imageSize, imageSize).shape as [number]

  let x = conv2d(p.at('conv1'), image, width, patchSize, { stride: patchSize }) // [batch, width, grid, grid]
  x = stage('patches', x.reshape(batch, width, patches).transpose(0, 2, 1)) // [batch, patches, width]
  const classToken = p
    .get('class_embedding', width)
    .reshape(1, 1, width)
    .expandLike(x.slice(1, 0, 1)) // [batch, 1, width]
  x = stage('class_embedding', concat([classToken, x], 1)) // [batch, 1 + patches, width]
  x = stage('positional_embedding', x.add(p.get('positional_embedding', patches + 1, width)))
  if (preNorm) x = layerNorm(p.at('ln_pre'), x, layerNormEpsilon)
  return transformer(p.at('transformer'), x, config, { readout })
}
