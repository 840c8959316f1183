// Images prepared as a model takes them, without a model.

import { createImagePool, type ImagePoolOptions } from './image/pool.node.ts'
import { type FetchOptions, imageSource } from './image-source.node.ts'
import type { Preprocessor } from './load.ts'

export interface PreprocessorOptions extends ImagePoolOptions {
  /** An image at an address is refused if it has more bytes. Default: 268,435,456. */
  maxBytes?: number | undefined
  /** Milliseconds without a byte after which an address is given up. Default: 30,000. */
  longestSilence?: number | undefined
}

/** Decodes, resizes and crops on worker threads. */
export function createPreprocessor({ maxBytes, longestSilence, ...options }: PreprocessorOptions): Preprocessor {
  const pool = createImagePool(options)
  return {
    async preprocess(image, { signal } = {}) {
      const limits: FetchOptions = { signal, maxBytes, longestSilence }
      const { source, name } = await imageSource(image, limits)
      return pool.preprocess(source, undefined, name)
    },
    close: () => pool.close(),
  }
}
