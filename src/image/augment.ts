// What training does to an image in place of the evaluation's resize and crop (the paper's §2.4: a random square crop),
// as open_clip's `image_transform(is_train=True)`: random choices first, then applied as torchvision does to Pillow images.

import type { Random } from '../random.ts'
import { type ColorChange, changeColors } from './color.ts'
import { bytesOf, type Part, type Pixels, pixelIndex } from './pixels.ts'
import { resizeToRgb } from './resize.ts'
import type { Preprocessing } from './transform.ts'

/** A range: least and greatest value. */
export type Range = readonly [low: number, high: number]

/** open_clip's `aug_cfg`. An option that is absent is not applied. */
export interface Augmentation {
  /** Share of the image's area that is kept. Default: 0.9 to 1. */
  scale?: Range | undefined
  /** Aspect ratio (width / height) of the crop, before it is resized to a square. Default: 3/4 to 4/3. */
  ratio?: Range | undefined
  /** Probability of a horizontal flip. Default: 0, because captions say left and right. */
  flip?: number | undefined
  /** torchvision's `ColorJitter`, with this probability. */
  colorJitter?:
    | { brightness: number; contrast: number; saturation: number; hue: number; probability: number }
    | undefined
  /** Probability of converting the image to gray. */
  grayscale?: number | undefined
}

/** The random choices for one image. */
export interface RandomChoices {
  crop: Part
  flip: boolean
  /** In this order. */
  colors: ColorChange[]
}

/** torchvision's `RandomResizedCrop.get_params`, then the rest in open_clip's order. */
export function randomChoices(width: number, height: number, how: Augmentation, random: Random): RandomChoices {
  const crop = drawCrop(width, height, how, random)
  const flip = random.next() < (how.flip ?? 0)
  const colors: ColorChange[] = []
  const jitter = how.colorJitter
  if (jitter && random.next() < jitter.probability) {
    const around = (by: number) => random.uniform(Math.max(0, 1 - by), 1 + by)
    const changes: ColorChange[] = [
      { kind: 'brightness', factor: around(jitter.brightness) },
      { kind: 'contrast', factor: around(jitter.contrast) },
      { kind: 'saturation', factor: around(jitter.saturation) },
      { kind: 'hue', factor: random.uniform(-jitter.hue, jitter.hue) },
    ]
    colors.push(...random.shuffle(changes.filter(({ kind }) => jitter[kind as 'hue'] > 0)))
  }
  if (random.next() < (how.grayscale ?? 0)) colors.push({ kind: 'grayscale' })
  return { crop, flip, colors }
}

function drawCrop(
  width: number,
  height: number,
  { scale = [0.9, 1], ratio = [3 / 4, 4 / 3] }: Augmentation,
  random: Random,
): Part {
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * random.uniform(...scale)
    const aspect = Math.exp(random.uniform(Math.log(ratio[0]), Math.log(ratio[1])))
    const w = Math.round(Math.sqrt(area * aspect))
    const h = Math.round(Math.sqrt(area / aspect))
    if (w < 1 || w > width || h < 1 || h > height) continue
    const top = random.integer(height - h + 1)
    return { left: random.integer(width - w + 1), top, width: w, height: h }
  }
  // No crop fits: take the centre, as large as the ratio allows.
  const w = width / height > ratio[1] ? Math.round(height * ratio[1]) : width
  const h = width / height < ratio[0] ? Math.round(width / ratio[0]) : height
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h }
}

/**
 * torchvision's `resized_crop` on a Pillow image, bicubic as in open_clip, then the other random changes.
 *
 * @returns `[3, size, size]` bytes, before normalising
 */
export function augment(image: Pixels, choices: RandomChoices, { size, order }: Preprocessing): Uint8Array {
  const { crop, flip, colors } = choices
  const axis = (from: number) => ({ from, to: size, start: 0, count: size })
  // The crop is filtered as an image of its own: pixels outside it have no influence.
  const rgb = resizeToRgb[order](cropped(image, crop), axis(crop.width), axis(crop.height), 'bicubic')
  changeColors(rgb, colors)
  const result = new Uint8Array(3 * size * size)
  for (let c = 0; c < 3; c++) {
    for (let y = 0, i = c, o = c * size * size; y < size; y++, o += size) {
      for (let x = 0; x < size; x++, i += 3) result[o + (flip ? size - 1 - x : x)] = rgb[i]!
    }
  }
  return result
}

function cropped(image: Pixels, crop: Part): Pixels {
  const { mode, data, opacity, palette } = image
  const rows = (from: Uint8Array, bytes: number) => {
    const result = new Uint8Array(crop.width * crop.height * bytes)
    for (let y = 0; y < crop.height; y++) {
      const begin = pixelIndex(image, crop.left, crop.top + y) * bytes
      result.set(from.subarray(begin, begin + crop.width * bytes), y * crop.width * bytes)
    }
    return result
  }
  return {
    mode,
    width: crop.width,
    height: crop.height,
    data: rows(data, bytesOf(mode)),
    ...(opacity && { opacity: rows(opacity, 1) }),
    ...(palette && { palette }),
  }
}
