// Scores of a model without a joint embedding (the two predictive baselines of Figure 2): the probability of each text given an
// image.

import { Tensor as Value } from 'onnxruntime-common'
import { excerpt, InputError } from '../errors.ts'
import { input } from '../graph/tensor.ts'
import { textConfig } from '../model/clip.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Parameters } from '../model/parameters.ts'
import { captionInputs, captionValues } from '../objectives/inputs.ts'
import type { Likelihood } from '../objectives/objective.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'
import { once } from './once.ts'
import { type LongText, type TextBatch, textBatches } from './text-batches.ts'

/** From an image's condition to the mean log-probability of the tokens of each text. */
export type Score = (condition: Float32Array) => Promise<Float32Array>

export interface TextScores {
  /** @throws InputError for a text that is too long or empty */
  of(texts: readonly string[], onLong?: LongText): Score
  dispose(): Promise<void>
}

interface Model {
  config: ClipConfig
  parameters: Parameters
  runtime: Runtime
  tokenizer: Tokenizer
}

/** Positions in one run. Each has one logit for every token of the vocabulary, so there are few. */
const maxPositions = 512

export function textScores(likelihood: Likelihood, { config, parameters, runtime, tokenizer }: Model): TextScores {
  const tower = textConfig(config)
  const { imageSize } = config.image!
  const image = input('image', 'float32', ['batch', 3, imageSize, imageSize])
  const conditionShape = [1, ...likelihood.condition(parameters, image, config).shape.slice(1).map(Number)]
  const program = once(() => {
    const condition = input('condition', 'float32', conditionShape)
    return runtime.compile({ score: likelihood.logProbability(parameters, condition, captionInputs(), config) })
  })

  return {
    of(texts, onLong = 'error') {
      const index = texts.findIndex((text) => tokenizer.encode(text).length <= 2)
      if (index >= 0) {
        const input = excerpt(texts[index]!, 60)
        const error = new InputError(`text "${input}" has no words, so the model has no probability for it`)
        throw Object.assign(error, { index, input })
      }
      const { batches, pieces } = textBatches(tokenizer, texts, tower, onLong)
      const inputsOfBatches = batches
        .flatMap((batch) => parts(batch))
        .map(({ ids, ends, pieces }) => ({ pieces, values: captionValues(ids, Array.from(ends, Number)) }))
      return async (condition) => {
        const { run, inputs } = await program()
        const scores = new Map<number, number>()
        for (const { pieces: rows, values } of inputsOfBatches) {
          const all: Record<string, Value> = { ...values, condition: new Value('float32', condition, conditionShape) }
          const { score } = await run(Object.fromEntries(inputs.map((name) => [name, all[name]!])))
          for (const [i, piece] of rows.entries()) scores.set(piece, (score!.data as Float32Array)[i]!)
        }
        return Float32Array.from(pieces, (of) => of.reduce((sum, piece) => sum + scores.get(piece)!, 0) / of.length)
      }
    },
    dispose: async () => (await program.made)?.dispose(),
  }
}

/** A batch in parts of at most `maxPositions`. */
function parts({ ids, ends, shape: [rows, length], pieces }: TextBatch): TextBatch[] {
  const maxRows = Math.max(1, Math.floor(maxPositions / length))
  return Array.from({ length: Math.ceil(rows / maxRows) }, (_, i) => {
    const [from, to] = [i * maxRows, Math.min(rows, (i + 1) * maxRows)]
    return {
      ids: ids.subarray(from * length, to * length),
      ends: ends.subarray(from, to),
      shape: [to - from, length],
      pieces: pieces.slice(from, to),
    }
  })
}
