// Preprocesses images for a model, without loading the model.

import { UsageError } from '../errors.ts'
import { createImagePool, type ImagePoolOptions } from '../image/pool.node.ts'
import type { Preprocessor } from './clip.ts'
import { type FetchOptions, imageSource } from './image-source.node.ts'
import { anything, checkOptions, count, countOrNone, positive, trueOrFalse } from './options.ts'

/** Options of `createPreprocessor`. */
export interface PreprocessorOptions extends ImagePoolOptions {
  /** The most bytes of an image at an address. Default: 268,435,456. */
  maxBytes?: number | undefined
  /** Milliseconds without a byte before a download fails. Default: 30,000. */
  longestSilence?: number | undefined
}

const rules = {
  preprocessing: anything,
  augmentation: anything,
  maxPixels: positive,
  maxBytes: positive,
  longestSilence: positive,
  exifRotate: trueOrFalse,
  onOrientation: anything,
  workers: countOrNone,
  ahead: count,
}

/** Decodes, resizes and crops on worker threads. */
export function createPreprocessor(given: PreprocessorOptions): Preprocessor {
  checkOptions(given, rules, 'createPreprocessor')
  if (!given?.preprocessing) {
    throw new UsageError('createPreprocessor: `preprocessing` is missing; openaiPreprocessing(224) makes one')
  }
  const { maxBytes, longestSilence, ...options } = given
  const pool = createImagePool(options)
  const closing = new AbortController()
  return {
    async preprocess(image, { signal } = {}) {
      const limits: FetchOptions = { signal, closing: closing.signal, maxBytes, longestSilence }
      const { source, name } = await imageSource(image, limits)
      return pool.preprocess(source, undefined, name)
    },
    close() {
      closing.abort(new UsageError('image pool: it was closed before this image was fetched'))
      return pool.close()
    },
  }
}
