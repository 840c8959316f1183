// A CLIP's architecture.

/** Activation function of the transformer's MLPs: OpenAI's `x · sigmoid(1.702 x)`, or the exact GELU. */
export type Activation = 'quickgelu' | 'gelu'

/** The dimensions that both transformers share. */
export interface TransformerConfig {
  /** Width of the residual stream. */
  width: number
  /** Number of blocks. */
  layers: number
  /** Attention heads of a block; each has `width / heads` dimensions. */
  heads: number
  /** Width of the hidden layer of the MLP, usually 4 × `width`. */
  mlpWidth: number
  activation: Activation
  /** ε of every LayerNorm. */
  layerNormEpsilon: number
}

/** An image encoder over patches (§2.4, after Dosovitskiy et al. 2020). */
export interface VisionTransformerConfig extends TransformerConfig {
  kind: 'vision-transformer'
  /** Side of the square input, in pixels. */
  imageSize: number
  /** Side of a patch, in pixels. */
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
  /** Side of the square input, in pixels. */
  imageSize: number
  /** Channels after the stem. */
  width: number
  /** Bottlenecks in each of the four stages. */
  layers: readonly [number, number, number, number]
  /** Heads of the attention pool. */
  heads: number
}

/** Configuration of the image encoder (§2.4 of the paper). */
export type ImageTowerConfig = VisionTransformerConfig | ModifiedResNetConfig

/** Configuration of the text encoder, a causal transformer (§2.4 of the paper). */
export interface TextTowerConfig extends TransformerConfig {
  /** Longest text in tokens, start and end included. */
  contextLength: number
  /** Number of token ids. */
  vocabularySize: number
  /** Position of the embedding: of the highest id (`argmax`), or of the first `endId` (`end`). */
  pool: 'argmax' | 'end'
  /** Id of the end-of-text token. */
  endId: number
}

/** A whole CLIP; an encoder that the checkpoint lacks is undefined. */
export interface ClipConfig {
  /** Dimensions of the joint embedding space. */
  embedDim: number
  image?: ImageTowerConfig | undefined
  text?: TextTowerConfig | undefined
}
