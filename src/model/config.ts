// A CLIP's architecture: what its parameters' shapes alone do not determine.

export type Activation = 'quickgelu' | 'gelu'

export interface TransformerConfig {
  width: number
  layers: number
  heads: number
  mlpWidth: number
  activation: Activation
  layerNormEpsilon: number
}

/** An image encoder over patches (§2.4, after Dosovitskiy et al. 2020). */
export interface VisionTransformerConfig extends TransformerConfig {
  kind: 'vision-transformer'
  imageSize: number
  patchSize: number
  /** Whether there is a LayerNorm before the first block, as in all of OpenAI's models. */
  preNorm: boolean
  /** `token`: the class token. `average`: the mean of the patches. */
  pool: 'token' | 'average'
  /** Whether `ln_post` comes after pooling; makes no difference for the class token. */
  normAfterPool: boolean
}

/** A convolutional image encoder with attention pooling at the end (§2.4: ResNet-D, anti-aliased pooling). */
export interface ModifiedResNetConfig {
  kind: 'modified-resnet'
  imageSize: number
  width: number
  /** Bottlenecks in each of the four stages. */
  layers: readonly [number, number, number, number]
  /** Heads of the attention pool. */
  heads: number
}

export type ImageTowerConfig = VisionTransformerConfig | ModifiedResNetConfig

export interface TextTowerConfig extends TransformerConfig {
  contextLength: number
  vocabularySize: number
  /** Position of the embedding: of the highest id (`argmax`), or of the first `endId` (`end`). */
  pool: 'argmax' | 'end'
  endId: number
}

/** A whole CLIP; an encoder that the checkpoint lacks is undefined. */
export interface ClipConfig {
  embedDim: number
  image?: ImageTowerConfig | undefined
  text?: TextTowerConfig | undefined
}
