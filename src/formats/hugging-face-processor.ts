// Hugging Face's image processors, read and written: `preprocessor_config.json`, or `image_processor` in
// `processor_config.json`.

import { CheckpointError } from '../errors.ts'
import type { Preprocessing } from '../image/transform.ts'
import { fieldNames, fieldsOf, type Json } from './fields.ts'
import { openaiPreprocessing } from './openai.ts'

/** Pillow's numbers. */
const resamples = { bilinear: 2, bicubic: 3 } as const
const interpolations: Readonly<Record<number, 'bicubic' | 'bilinear'>> = { 2: 'bilinear', 3: 'bicubic' }

/** The defaults of an image processor of transformers. */
interface Processor {
  /** Whether one number for `size` is both sides. */
  squash: boolean
  crop: boolean
  /** Pillow's number. */
  resample: number
  mean: Triple
  std: Triple
}

type Triple = readonly [number, number, number]

const clip: Processor = {
  squash: false,
  crop: true,
  resample: 3,
  mean: openaiPreprocessing(224).mean,
  std: openaiPreprocessing(224).std,
}
const vit: Processor = { squash: true, crop: false, resample: 2, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }

const processors: Readonly<Record<string, Processor>> = {
  CLIPImageProcessor: clip,
  CLIPImageProcessorFast: clip,
  CLIPImageProcessorPil: clip,
  CLIPFeatureExtractor: clip,
  ViTImageProcessor: vit,
  ViTImageProcessorFast: vit,
  ViTImageProcessorPil: vit,
  ViTFeatureExtractor: vit,
}

const readFields = fieldNames(`
  image_processor_type feature_extractor_type size crop_size do_resize do_center_crop resample image_mean image_std
  rescale_factor
`)
/** Fields about the passing of tensors, and about images that are not RGB. */
const ignoredFields = fieldNames(`
  processor_class _processor_class transformers_version do_convert_rgb data_format input_data_format return_tensors
  device disable_grouping _valid_processor_keys
`)
const neutralFields = {
  do_normalize: true,
  do_rescale: true,
  use_square_size: false,
  do_pad: false,
  pad_size: null,
  auto_map: null,
}

/**
 * The settings of a CLIPImageProcessor or ViTImageProcessor: `preprocessor_config.json`, or `image_processor` in
 * `processor_config.json`. As its Pillow version computes, not its torchvision version.
 *
 * @throws CheckpointError for another class, an unknown field, or one that asks for what typeclip does not do
 */
export function preprocessingFromHuggingFace(json: unknown, size: number, where: string): Preprocessing {
  const config = fieldsOf(json, where)
  const { image_processor_type: type, feature_extractor_type: formerly } = config.json
  const name = `${type ?? formerly ?? 'CLIPImageProcessor'}`
  const usual = Object.hasOwn(processors, name) ? processors[name] : undefined
  if (!usual) {
    throw new CheckpointError(
      `${where}: its images are prepared by a ${name}, which typeclip does not have (only ${Object.keys(processors).join(', ')})`,
    )
  }
  const neutral = { ...neutralFields, default_to_square: usual.squash }
  config.refuse(neutral)
  config.allow([...readFields, ...ignoredFields, ...Object.keys(neutral)])
  const resize = sizeOf('size')
  const cropped = config.boolean('do_center_crop', usual.crop)
  const crop = cropped ? sizeOf('crop_size') : resize
  if (!crop.squash && !cropped) {
    throw new CheckpointError(
      `${where}: do_center_crop is false and size keeps the aspect, so images would differ in shape`,
    )
  }
  const resample = config.integer('resample', usual.resample)
  if (!(resample in interpolations))
    throw new CheckpointError(`${where}: field resample must be 2 (bilinear) or 3 (bicubic); found ${resample}`)
  return {
    size: crop.size,
    order: 'hf',
    mode: resize.squash ? 'squash' : 'shortest',
    interpolation: interpolations[resample]!,
    mean: config.triple('image_mean', usual.mean),
    std: config.triple('image_std', usual.std),
    resize: config.boolean('do_resize', true) ? resize.size : 'none',
    rescale: config.number('rescale_factor', 1 / 255),
  }

  /** A number, `{ shortest_edge }`, which keeps the aspect, or `{ height, width }`, which does not. */
  function sizeOf(name: 'size' | 'crop_size'): { size: number; squash: boolean } {
    const value = config.json[name] ?? size
    if (typeof value === 'number') return { size: config.integer(name, size), squash: usual!.squash }
    const fields = fieldsOf(value, `${where}: ${name}`)
    const edges = 'shortest_edge' in fields.json && name === 'size' ? ['shortest_edge'] : ['height', 'width']
    fields.allow(edges)
    if (edges.length === 1) return { size: fields.integer('shortest_edge'), squash: false }
    const [height, width] = [fields.integer('height'), fields.integer('width')]
    if (height !== width) throw new CheckpointError(`${where}: ${name} must be square; found ${height}×${width}`)
    return { size: height, squash: true }
  }
}

/** `preprocessor_config.json` of a CLIPImageProcessor. */
export function huggingFacePreprocessor(how: Preprocessing): Json {
  if (how.mode === 'longest') {
    throw new CheckpointError("the images are padded to a square, which Hugging Face's CLIPImageProcessor cannot say")
  }
  const side = { height: how.size, width: how.size }
  return {
    image_processor_type: 'CLIPImageProcessor',
    processor_class: 'CLIPProcessor',
    do_convert_rgb: true,
    do_resize: how.resize !== 'none',
    size: how.mode === 'squash' ? side : { shortest_edge: how.resize === 'none' ? how.size : (how.resize ?? how.size) },
    resample: resamples[how.interpolation],
    do_center_crop: how.mode !== 'squash',
    crop_size: side,
    do_rescale: true,
    rescale_factor: how.rescale ?? 1 / 255,
    do_normalize: true,
    image_mean: how.mean,
    image_std: how.std,
  }
}
