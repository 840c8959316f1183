// Pictures prepared as a model takes them, without a model.

import { createImagePool, type ImagePoolOptions } from './image/pool.node.ts'
import { imageSource } from './image-source.node.ts'
import type { Preprocessor } from './load.ts'

/** Decodes, resizes and crops on threads of its own. */
export function createPreprocessor(options: ImagePoolOptions): Preprocessor {
  const pool = createImagePool(options)
  return {
    preprocess: async (image, { signal } = {}) => pool.preprocess(await imageSource(image, signal)),
    close: () => pool.close(),
  }
}
