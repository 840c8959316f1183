// Pictures prepared as a model takes them, without a model.

import { createImagePool, type ImagePoolOptions } from './image/pool.node.ts'
import { imageSource } from './image-source.node.ts'
import type { ImageInput } from './load.ts'

export interface Preprocessor {
  /** `[3, size, size]` bytes, before normalising (`normalize`). @throws InputError for what is not a readable picture */
  preprocess(image: ImageInput, options?: { signal?: AbortSignal }): Promise<Uint8Array>
  /** Ends the threads. */
  close(): Promise<void>
}

/** Decodes, resizes and crops on threads of its own. */
export function createPreprocessor(options: ImagePoolOptions): Preprocessor {
  const pool = createImagePool(options)
  return {
    preprocess: async (image, { signal } = {}) => pool.preprocess(await imageSource(image, signal)),
    close: () => pool.close(),
  }
}
