// The image encoders by kind: every difference between a Vision Transformer and a ModifiedResNet (§2.4) that the rest of
// the code depends on.

import type { Tensor } from '../graph/tensor.ts'
import type { ImageTowerConfig, ModifiedResNetConfig, VisionTransformerConfig } from './config.ts'
import { modifiedResNet, modifiedResNetGrid } from './modified-resnet.ts'
import type { Parameters } from './parameters.ts'
import { visionTransformer, visionTransformerGrid } from './vision-transformer.ts'

/** Options of the image encoders. */
export interface TowerOptions {
  /** Computes every position of every block, to be inspected; the embedding is the same. */
  allPositions?: boolean | undefined
  /** Batch normalisation uses the batch's own statistics. */
  training?: boolean | undefined
}

export interface ImageTower {
  /** `[batch, 3, n, n] → [batch, embedDim]` */
  encode(p: Parameters, image: Tensor, embedDim: number, options: TowerOptions): Tensor
  /** Before pooling: `[batch, 3, n, n] → [batch, positions, gridWidth]` */
  encodeGrid(p: Parameters, image: Tensor, options: TowerOptions): Tensor
  gridWidth: number
  /** Side of a grid position in pixels. */
  patchSize: number
  /** Width of an MLP's hidden layer; for a ResNet, the width that initialisation uses in its place. */
  mlpWidth: number
  /** Number of blocks for layer-wise decay. */
  blocks: number
  /** Whether the only attention is in an attention pool at the end. */
  attentionPool: boolean
  /** Whether the embedding is the mean of the patches; otherwise it is read at the first position. */
  averages: boolean
  /** Whether an example's features depend on the rest of the batch. */
  batchNorm: boolean
}

const kinds = {
  'vision-transformer': (config: VisionTransformerConfig): ImageTower => ({
    encode: (p, image, embedDim, options) => visionTransformer(p, image, config, embedDim, options),
    encodeGrid: (p, image) => visionTransformerGrid(p, image, config),
    gridWidth: config.width,
    patchSize: config.patchSize,
    mlpWidth: config.mlpWidth,
    blocks: config.layers,
    attentionPool: false,
    averages: config.pool === 'average',
    batchNorm: false,
  }),
  'modified-resnet': (config: ModifiedResNetConfig): ImageTower => ({
    encode: (p, image, embedDim, options) => modifiedResNet(p, image, config, embedDim, options),
    encodeGrid: (p, image, options) => modifiedResNetGrid(p, image, config, options),
    gridWidth: 32 * config.width,
    // The stem halves height and width twice, and each of the last three stages once.
    patchSize: 32,
    mlpWidth: 32 * config.width,
    blocks: config.layers.length,
    attentionPool: true,
    averages: false,
    batchNorm: true,
  }),
}

export const imageTower = (config: ImageTowerConfig): ImageTower =>
  (kinds[config.kind] as (config: ImageTowerConfig) => ImageTower)(config)
