// typeclip in Node: every public name.

export { beforeProjection } from './before-projection.ts'
export type { Conversion, ConversionOptions } from './convert.node.ts'
export type { ListedImages } from './data/list-images.node.ts'
export { isIgnoredFolder } from './data/picture-files.ts'
export { decodeUtf8, type TextLine, utf8Lines } from './data/utf8.ts'
export { CheckpointError, InputError, ShapeError, UsageError } from './errors.ts'
export { normalize, type Preprocessing, preprocess as preprocessPixels } from './image/transform.ts'
export { type LoadOptions, load } from './load.node.ts'
export type {
  Clip,
  ClipLikelihood,
  Embeddings,
  EncodeOptions,
  EncodeTextOptions,
  ImageInput,
  ImageResult,
  Many,
  Preprocessor,
} from './load.ts'
export type { Activation, ClipConfig, ImageTowerConfig, TextTowerConfig } from './model/config.ts'
export type { KnownModel } from './models.node.ts'
export type { ObjectiveName } from './objectives/index.ts'
export { openaiPreprocessing } from './preprocessing.ts'
export { createPreprocessor } from './preprocessor.node.ts'
export { type TokenizeOptions, type Tokenizer, tokenize } from './tokenizer/tokenize.ts'
export { loadTokenizer } from './tokenizer/vocabulary.node.ts'
export {
  type Classifier,
  type Label,
  narrowed,
  rank,
  scoresOf,
  similarity,
  type ZeroShotOptions,
  zeroShotClassifier,
} from './zero-shot/classifier.ts'
export { readClassifier, writeClassifier } from './zero-shot/classifier-file.node.ts'
export { imagenetClassNames } from './zero-shot/classnames/imagenet.ts'
export { type DistinctLabels, distinctLabels } from './zero-shot/labels.ts'
export { defaultTemplates, imagenetSimpleTemplates, imagenetTemplates, templateLists } from './zero-shot/prompts.ts'
export { classify, type Scorer, type ScorerOptions, zeroShotScorer, zeroShotScores } from './zero-shot/scorer.ts'

// What few programs call is loaded when it is called, so that the first embedding comes sooner.

export const convert: typeof import('./convert.node.ts').convert = async (...call) =>
  (await import('./convert.node.ts')).convert(...call)

export const listImages: typeof import('./data/list-images.node.ts').listImages = async (folder) =>
  (await import('./data/list-images.node.ts')).listImages(folder)

export const listModels: typeof import('./models.node.ts').listModels = async () =>
  (await import('./models.node.ts')).listModels()
