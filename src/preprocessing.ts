// How a checkpoint wants its pictures: from the file that came with it, or as OpenAI's are.

import { CheckpointError } from './errors.ts'
import type { Preprocessing } from './image/transform.ts'
import { fieldsOf } from './model/variants/fields.ts'

/** OpenAI's (clip.py `_transform`), at a size. */
export const openaiPreprocessing = (size: number): Preprocessing => ({
  size,
  order: 'openai',
  mode: 'shortest',
  interpolation: 'bicubic',
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
})

const interpolations = { bicubic: 'bicubic', bilinear: 'bilinear' } as const
// Pillow's numbers.
const resamples: Readonly<Record<number, 'bicubic' | 'bilinear'>> = { 2: 'bilinear', 3: 'bicubic' }

/** open_clip's `preprocess_cfg`. */
export function preprocessingFromOpenClip(json: unknown, size: number, where: string): Preprocessing {
  const config = fieldsOf(json ?? {}, where)
  const openai = openaiPreprocessing(size)
  config.refuse({ mode: 'RGB' })
  return {
    ...openai,
    size: config.square('size', size),
    mode: config.choice(
      'resize_mode',
      { shortest: 'shortest', longest: 'longest', squash: 'squash' } as const,
      'shortest',
    ),
    // `random` is for training; in evaluation open_clip takes bicubic for it.
    interpolation: config.choice('interpolation', { ...interpolations, random: 'bicubic' } as const, 'bicubic'),
    mean: config.triple('mean', openai.mean),
    std: config.triple('std', openai.std),
    fill: config.integer('fill_color', 0),
  }
}

/** Hugging Face's `preprocessor_config.json` of a CLIPImageProcessor. */
export function preprocessingFromHuggingFace(json: unknown, size: number, where: string): Preprocessing {
  const config = fieldsOf(json, where)
  const openai = openaiPreprocessing(size)
  config.refuse({ do_normalize: true, do_rescale: true })
  const resize = sizeOf(json, 'size', size)
  const crop = config.boolean('do_center_crop', true) ? sizeOf(json, 'crop_size', size) : resize
  if (!crop.squash && !config.boolean('do_center_crop', true)) {
    throw new CheckpointError(
      `${where}: do_center_crop is false and size keeps the aspect, so pictures would differ in shape`,
    )
  }
  const resample = config.integer('resample', 3)
  if (!(resample in resamples))
    throw new CheckpointError(`${where}: field resample must be 2 (bilinear) or 3 (bicubic); found ${resample}`)
  return {
    size: crop.size,
    order: 'hf',
    mode: resize.squash ? 'squash' : 'shortest',
    interpolation: resamples[resample]!,
    mean: config.triple('image_mean', openai.mean),
    std: config.triple('image_std', openai.std),
    resize: config.boolean('do_resize', true) ? resize.size : 'none',
    rescale: config.number('rescale_factor', 1 / 255),
  }

  /** A number or `{ shortest_edge }` keeps the aspect; `{ height, width }` does not. */
  function sizeOf(from: unknown, name: string, otherwise: number): { size: number; squash: boolean } {
    const value = (from as Record<string, unknown>)[name] ?? otherwise
    if (typeof value === 'number') return { size: value, squash: false }
    const fields = fieldsOf(value, `${where}: ${name}`)
    if (typeof value === 'object' && value && 'shortest_edge' in value) {
      return { size: fields.integer('shortest_edge'), squash: false }
    }
    const [height, width] = [fields.integer('height'), fields.integer('width')]
    if (height !== width) throw new CheckpointError(`${where}: ${name} must be square; found ${height}×${width}`)
    return { size: height, squash: true }
  }
}
