// Both forward passes stage by stage, for an image and texts, and their similarity (Figure 3 of the paper).

import type { Clip, ImageInput } from '../clip/clip.ts'
import { unit } from '../clip/embeddings.ts'
import { UsageError } from '../errors.ts'
import { trainsTextTower } from '../objectives/index.ts'
import { explain, type Relevance } from './explainer.ts'
import { type ImagePass, inspectImage } from './image-pass.ts'
import type { RelevanceOptions } from './relevance.ts'
import { inspectText, type TextPass } from './text-pass.ts'

/** The image compared with each text. */
export interface Similarity {
  /** `I_e · T_e`, of normalised embeddings. */
  cosines: number[]
  /** The cosines times `logitScale`. */
  logits: number[]
  /** The softmax of the logits over the texts. */
  probabilities: number[]
}

/** What `inspect` returns: the forward passes of both encoders and their similarity. */
export interface Inspection {
  /** The model's name. */
  model: string
  config: Clip['config']
  /** `exp(t)`, the factor of the cosines. */
  logitScale: number
  image?: ImagePass | undefined
  texts: TextPass[]
  /** If there are an image and texts. */
  similarity?: Similarity | undefined
  /** Why each text matched; with `explain`. */
  relevance?: Relevance[] | undefined
}

/** What to inspect: an image, texts, or both. */
export interface InspectInputs {
  image?: ImageInput | undefined
  texts?: readonly string[] | undefined
  /** Adds which parts of the image and of each text make the two similar. */
  explain?: Pick<RelevanceOptions, 'startLayer'> | undefined
  signal?: AbortSignal | undefined
}

/**
 * Runs the encoders with every named stage as an output. An encoder without an input is not run.
 *
 * @throws InputError for an image that cannot be read or a text that is too long, UsageError when neither is given or the
 *   model has no text encoder of this kind
 *
 * @example
 * ```ts
 * import { load } from 'typeclip'
 * import { inspect } from 'typeclip/inspect'
 *
 * const { image } = await inspect(await load(), { image: 'cat.jpg', texts: ['a cat'] })
 * for (const { name, shape } of image!.stages) console.log(name, shape)
 * ```
 */
export async function inspect(clip: Clip, inputs: InspectInputs): Promise<Inspection> {
  const { image, texts = [], signal } = inputs
  if (image === undefined && texts.length === 0) {
    throw new UsageError('nothing to inspect: give an image, texts, or both')
  }
  const { name, config, logitScale, objective } = clip
  if (!trainsTextTower(objective)) {
    throw new UsageError(
      `${name} was trained with the objective ${objective}; inspect shows the two encoders of models trained with contrastive or siglip`,
    )
  }
  const inspection: Inspection = { model: name, config, logitScale, texts: [] }
  if (image !== undefined) inspection.image = await inspectImage(clip, image, signal)
  for (const text of texts) {
    signal?.throwIfAborted()
    inspection.texts.push(await inspectText(clip, text))
  }
  if (inspection.image && texts.length > 0) inspection.similarity = compare(inspection.image, inspection)
  if (inspection.image && texts.length > 0 && inputs.explain) {
    inspection.relevance = await explain(clip, inspection.image, inspection.texts, { ...inputs.explain, signal })
  }
  return inspection
}

function compare(image: ImagePass, { texts, logitScale }: Inspection): Similarity {
  const imageUnit = unit(image.embedding)
  const cosines = texts.map(({ embedding }) => unit(embedding).reduce((sum, x, i) => sum + x * imageUnit[i]!, 0))
  const logits = cosines.map((cosine) => logitScale * cosine)
  const highest = Math.max(...logits)
  const powers = logits.map((logit) => Math.exp(logit - highest))
  const total = powers.reduce((a, b) => a + b)
  return { cosines, logits, probabilities: powers.map((power) => power / total) }
}
