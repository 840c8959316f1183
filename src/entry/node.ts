/**
 * `typeclip`: load a CLIP, embed images and texts, classify.
 *
 * {@includeCode ../../examples/embed-a-folder.ts}
 *
 * {@includeCode ../../examples/zero-shot.ts}
 *
 * {@includeCode ../../examples/reuse-a-classifier.ts}
 *
 * @module typeclip
 */

import type { ListedImages } from '../data/list-images.node.ts'
import type { Conversion, ConversionOptions } from '../pretrained/convert.node.ts'
import type { KnownModel } from '../pretrained/list.node.ts'

export { beforeProjection } from '../clip/before-projection.ts'
export type { Score } from '../clip/caption-likelihood.ts'
export type {
  Clip,
  ClipLikelihood,
  Embeddings,
  EncodeOptions,
  EncodeTextOptions,
  ImageError,
  ImageInput,
  ImageResult,
  Many,
  Matrix,
  Preprocessor,
  UseNotice,
} from '../clip/clip.ts'
export { type LoadOptions, load } from '../clip/load.node.ts'
export { createPreprocessor, type PreprocessorOptions } from '../clip/preprocessor.node.ts'
export { similarity } from '../clip/similarity.ts'
export type { LongText } from '../clip/text-batches.ts'
export { isIgnoredFolder } from '../data/image-files.ts'
export type { ListedImages } from '../data/list-images.node.ts'
export type { DownloadOptions, DownloadProgress } from '../download/hub.node.ts'
export type { RetryOptions } from '../download/retry.node.ts'
export {
  CheckpointError,
  type ErrorDetails,
  InputError,
  ShapeError,
  TrainingError,
  TypeclipError,
  UsageError,
} from '../errors.ts'
export { decodeUtf8, type TextLine, utf8Lines } from '../files/utf8.ts'
export type { FloatType } from '../formats/compose.ts'
export type { ConvertTarget } from '../formats/families.ts'
export { openaiPreprocessing } from '../formats/openai.ts'
export type { ConvertReport } from '../formats/rewrite.node.ts'
export type { Interpolation } from '../image/bicubic.ts'
export type { DecodeOptions } from '../image/decode.node.ts'
export type { Mode, Part, Pixels, RawImage } from '../image/pixels.ts'
export type { ImagePoolOptions, UnturnedImage } from '../image/pool.node.ts'
export type { PrepareOptions } from '../image/prepare.node.ts'
export { normalize, type Preprocessing, preprocess as preprocessPixels, type Triple } from '../image/transform.ts'
export type {
  Activation,
  ClipConfig,
  ImageTowerConfig,
  ModifiedResNetConfig,
  TextTowerConfig,
  TransformerConfig,
  VisionTransformerConfig,
} from '../model/config.ts'
export type { Parameters } from '../model/parameters.ts'
export type { ObjectiveName } from '../objectives/index.ts'
export type { Conversion, ConversionOptions } from '../pretrained/convert.node.ts'
export type { KnownModel } from '../pretrained/list.node.ts'
export { starterNotice } from '../pretrained/open.node.ts'
export type { Runtime } from '../runtime/runtime.ts'
export type { Cleaning } from '../tokenizer/clean.ts'
export {
  type Convention,
  type TokenizeOptions,
  type Tokenizer,
  type TokenizerOptions,
  type Tokens,
  tokenize,
} from '../tokenizer/tokenize.ts'
export { loadTokenizer } from '../tokenizer/vocabulary.node.ts'
export {
  type Classifier,
  type Label,
  narrowed as selectClasses,
  rank as rankLabels,
  rankScores,
  scoresOf as classLogits,
} from '../zero-shot/classifier.ts'
export { readClassifier, writeClassifier } from '../zero-shot/classifier-file.node.ts'
export { imagenetClassNames } from '../zero-shot/classnames/imagenet.ts'
export type { KeyValueCache } from '../zero-shot/key-value-cache.ts'
export { type DistinctLabels, distinctLabels } from '../zero-shot/labels.ts'
export { type OpenedClassifier, openClassifier } from '../zero-shot/open-classifier.node.ts'
export { type ZeroShotOptions, zeroShotClassifier } from '../zero-shot/prompt-ensemble.ts'
export { defaultTemplates, imagenetSimpleTemplates, imagenetTemplates, templateLists } from '../zero-shot/prompts.ts'
export {
  classifierScorer,
  classify,
  type ScoreResult,
  type Scorer,
  type ScorerOptions,
  zeroShotScorer,
  zeroShotScores,
} from '../zero-shot/scorer.ts'

// What few programs call is loaded when it is called, so that the first embedding comes sooner.

/**
 * Writes a model as OpenAI, open_clip or Hugging Face publish theirs. Where the type stays the same, every number keeps its
 * bits.
 *
 * @param model as `load` takes it
 * @param target a `.safetensors` file for `openai`, a folder for the others
 * @throws CheckpointError when the project cannot hold the model, UsageError when the target exists
 *
 * @example
 * ```ts
 * import { convert } from 'typeclip'
 *
 * await convert('ViT-B-32.pt', 'clip-vit-base-patch32', { to: 'hf', dtype: 'float16' })
 * ```
 */
export async function convert(model: string, target: string, options: ConversionOptions): Promise<Conversion> {
  return (await import('../pretrained/convert.node.ts')).convert(model, target, options)
}

/**
 * The models that `load` takes by name: OpenAI's, some of the Hugging Face hub, and every CLIP in the hub's cache. Does not use
 * the network.
 *
 * @example
 * ```ts
 * import { listModels } from 'typeclip'
 *
 * for (const { name, cached } of await listModels()) console.log(name, cached ? 'on this machine' : '')
 * ```
 */
export async function listModels(): Promise<KnownModel[]> {
  return (await import('../pretrained/list.node.ts')).listModels()
}

/** The image files of a folder and its subfolders, and a notice of what was skipped. */
export async function listImages(folder: string): Promise<ListedImages> {
  return (await import('../data/list-images.node.ts')).listImages(folder)
}
