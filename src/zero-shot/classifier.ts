// Zero-shot classification with prompt ensembling (§3.1): a class's weights are the mean of its prompts' normalised embeddings,
// normalised again.

import { UsageError } from '../errors.ts'
import { type Clip, type EncodeTextOptions, type ImageInput, type Many, unit } from '../load.ts'
import { addCacheTerm, cacheOfClasses, type KeyValueCache } from './key-value-cache.ts'
import { defaultTemplates, fillTemplate } from './prompts.ts'

/** A linear classifier over image embeddings: zero-shot, fine-tuned, or a linear probe. */
export interface Classifier {
  names: readonly string[]
  /** `[classes, embedDim]`, row-major: logits are an image embedding (see `normalize`) times these, plus the bias. */
  weights: Float32Array
  bias?: Float32Array | undefined
  /** Whether embeddings are normalised first. Default: true. */
  normalize?: boolean | undefined
  /** Tip-Adapter's cache of labelled images; their similarity is added to the logits. */
  cache?: KeyValueCache | undefined
}

export interface Label {
  label: string
  /** The probability; sums to 1 over all classes. */
  score: number
}

export interface ZeroShotOptions extends EncodeTextOptions {
  /** Prompt templates, each with `{}` for the class name. Default: `a photo of a {}.` */
  templates?: readonly string[] | undefined
}

/** A classifier from class names. Its weights include the model's logit scale. */
export async function zeroShotClassifier(
  clip: Clip,
  names: readonly string[],
  { templates = defaultTemplates, ...options }: ZeroShotOptions = {},
): Promise<Classifier> {
  const prompts = promptsOf(names, templates)
  const { data, shape } = await clip.encodeText(prompts, { ...options, normalize: true })
  const width = shape[1]
  const weights = new Float32Array(names.length * width)
  for (const i of names.keys()) {
    const mean = new Float32Array(width)
    for (let t = 0; t < templates.length; t++) {
      for (let c = 0; c < width; c++) mean[c]! += data[(i * templates.length + t) * width + c]! / templates.length
    }
    weights.set(
      unit(mean).map((x) => x * clip.logitScale),
      i * width,
    )
  }
  const bias = clip.logitBias ? new Float32Array(names.length).fill(clip.logitBias) : undefined
  return { names, weights, bias }
}

/** Each name in each template; the prompts of a name are consecutive. @throws UsageError without names, or for a template without `{}` */
export function promptsOf(names: readonly string[], templates: readonly string[]): string[] {
  if (names.length === 0) throw new UsageError('no labels were given; at least one is needed')
  for (const template of templates) {
    if (!template.includes('{}')) throw new UsageError(`template "${template}" has no {} for the label`)
  }
  return names.flatMap((name) => templates.map((template) => fillTemplate(template, name)))
}

/**
 * The logits `z` of an image embedding, normalised if the classifier expects that: `[classes]`
 *
 * @throws UsageError for the embedding of another model
 */
export function logits({ names, weights, bias, cache }: Classifier, embedding: Float32Array): Float32Array {
  const width = embedding.length
  if (weights.length !== names.length * width) {
    throw new UsageError(
      `the classifier is for embeddings of ${weights.length / names.length} numbers, and the model gives ${width}; use the model that it was made with`,
    )
  }
  const z = Float32Array.from(names, (_, i) => {
    let sum = bias?.[i] ?? 0
    for (let c = 0; c < width; c++) sum += weights[i * width + c]! * embedding[c]!
    return sum
  })
  if (cache) addCacheTerm(z, cache, embedding)
  return z
}

/** The logits `z` of an image embedding that is not normalised: `[classes]` */
export const scoresOf = (classifier: Classifier, embedding: Float32Array): Float32Array =>
  logits(classifier, classifier.normalize === false ? embedding : unit(embedding))

/** `exp zᵢ / Σ exp z`, best first. @param temperature divides `z`, from calibration */
export function rank(classifier: Classifier, embedding: Float32Array, top = Infinity, temperature = 1): Label[] {
  const z = scoresOf(classifier, embedding).map((x) => x / temperature)
  const highest = z.reduce((a, b) => Math.max(a, b))
  const total = z.reduce((sum, x) => sum + Math.exp(x - highest), 0)
  return classifier.names
    .map((label, i) => ({ label, score: Math.exp(z[i]! - highest) / total }))
    .sort((a, b) => b.score - a.score)
    .slice(0, top)
}

/**
 * A classifier of some of its classes, in the given order.
 *
 * @throws UsageError for an unknown name
 */
export function narrowed(classifier: Classifier, names: readonly string[]): Classifier {
  const { weights, bias, cache } = classifier
  const width = weights.length / classifier.names.length
  const rows = names.map((name) => classifier.names.indexOf(name))
  const unknown = names.filter((_, i) => rows[i]! < 0)
  if (unknown.length > 0) {
    throw new UsageError(
      `the trained classifier does not know ${unknown.join(', ')}; it knows ${classifier.names.join(', ')}`,
    )
  }
  const selected = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) selected.set(weights.subarray(row * width, (row + 1) * width), i * width)
  return {
    ...classifier,
    names,
    weights: selected,
    bias: bias && Float32Array.from(rows, (row) => bias[row]!),
    cache: cache && cacheOfClasses(cache, rows),
  }
}

/** Cosines of every image with every text, and the logits: scaled, plus the bias. `[images, texts]`, row-major. */
export async function similarity(
  clip: Clip,
  images: Many<ImageInput>,
  texts: Many<string>,
  options: EncodeTextOptions = {},
): Promise<{ cosines: Float32Array; logits: Float32Array; shape: [number, number] }> {
  const image = await clip.encodeImage(images, { ...options, normalize: true })
  const text = await clip.encodeText(texts, { ...options, normalize: true })
  const width = image.shape[1]
  const [rows, columns] = [image.shape[0], text.shape[0]]
  const cosines = Float32Array.from({ length: rows * columns }, (_, i) => {
    const [a, b] = [Math.floor(i / columns) * width, (i % columns) * width]
    let sum = 0
    for (let c = 0; c < width; c++) sum += image.data[a + c]! * text.data[b + c]!
    return sum
  })
  return { cosines, logits: cosines.map((x) => x * clip.logitScale + clip.logitBias), shape: [rows, columns] }
}
