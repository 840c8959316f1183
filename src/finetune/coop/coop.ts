// CoOp (Zhou et al., IJCV 2022): trains only context vectors, which take the place of words in the prompt,
//
//     prompt_c = [start] [V]₁ … [V]ₘ [name of c] . [end],  z_c = exp(t) · I / ‖I‖ · T_c / ‖T_c‖,  loss = cross-entropy of z.
//
// The text encoder is unchanged: it is given a vocabulary whose first m tokens are the context vectors.

import { Tensor as Value } from 'onnxruntime-common'
import type { Clip } from '../../clip/clip.ts'
import { UsageError } from '../../errors.ts'
import { gradients } from '../../graph/gradient.ts'
import { concat, constant, input } from '../../graph/tensor.ts'
import { normalize } from '../../model/clip.ts'
import { transformerBlock } from '../../model/parameter-names.ts'
import { objectives } from '../../objectives/index.ts'
import type { Tokenizer } from '../../tokenizer/tokenize.ts'
import { crossEntropy } from '../head/classification-head.ts'
import { constantTexts } from '../prompts/class-prompts.ts'
import type { UnitFeatures } from '../unit-features.ts'

/** The context vectors: `[m, width]`, row-major. */
export type Context = Float32Array

/** CoOp's loss and its gradient, compiled for one set of classes (Zhou et al. 2022). */
export interface PromptLearner {
  /** The mean cross-entropy of a batch, and its derivative by the context. */
  gradient(batch: UnitFeatures, context: Context): Promise<{ loss: number; context: Context }>
  /** The classes' embeddings, `[classes, embedDim]`, normalised. */
  classes(context: Context): Promise<Float32Array>
  dispose(): Promise<void>
}

/** The authors' number of context vectors. */
export const defaultContextLength = 16

/** Each class's ids from start to end, without the context: `[start] name . [end]` */
export const namePrompts = (tokenizer: Tokenizer, words: readonly string[]): number[][] =>
  words.map((word) => [...tokenizer.encode(`${word.replaceAll('_', ' ')}.`)])

/**
 * The number of context vectors: `asked`, or 16, or as many as fit beside the longest name.
 *
 * @throws UsageError if `asked` do not fit, or not even one
 */
export function contextLengthFor(prompts: readonly (readonly number[])[], room: number, asked?: number): number {
  const longest = Math.max(...prompts.map((ids) => ids.length))
  const free = room - longest
  if (free < (asked ?? 1)) {
    const wanted = asked === undefined ? '' : `, and \`contextLength\` is ${asked}`
    const advice = asked === undefined ? 'shorten the names' : 'choose a smaller `contextLength`, or shorten the names'
    throw new UsageError(
      `the model reads ${room} tokens, and the longest class name takes ${longest} with start, full stop and end: ${Math.max(0, free)} are left for context vectors${wanted}; ${advice} with \`words\``,
    )
  }
  return asked ?? Math.min(defaultContextLength, free)
}

/**
 * Compiles CoOp's loss and its gradient by the context. `recompute` computes the inside of each block twice: slower, in less
 * memory (a fifth less for twelve blocks).
 *
 * @param prompts ids of each class from start to end; the context goes after the start
 * @param m number of context vectors
 * @param options.recompute recomputes the inside of blocks: slower, with less memory (by a fifth for twelve blocks)
 */
export async function createPromptLearner(
  { config, parameters, runtime, logitScale, logitBias, objective }: PromptedModel,
  prompts: readonly (readonly number[])[],
  m: number,
  { recompute = false }: { recompute?: boolean | undefined } = {},
): Promise<PromptLearner> {
  const { text: tower, embedDim } = config
  const encodeText = objectives[objective].encodeText
  if (!tower || !encodeText) throw new UsageError('CoOp needs a model with a text encoder')
  const { width, vocabularySize } = tower

  const usedIds = [...new Set(prompts.flat())]
  const context = input('context', 'float32', [m, width])
  const stored = parameters.get('token_embedding.weight', vocabularySize, width)
  const table = concat([context, stored.gather(constant(Int32Array.from(usedIds), [usedIds.length]))], 0)
  const texts = prompts.map(([start, ...rest]) => [
    m + usedIds.indexOf(start!),
    ...Array.from({ length: m }, (_, i) => i),
    ...rest.map((id) => m + usedIds.indexOf(id)),
  ])
  const smaller = { ...config, text: { ...tower, vocabularySize: m + usedIds.length } }
  const classes = normalize(encodeText(parameters.with('token_embedding.weight', table), constantTexts(texts), smaller))
  const x = input('x', 'float32', ['n', embedDim])
  const logits = x.matmulTransposed(classes).mul(logitScale).add(logitBias)
  const loss = crossEntropy(logits, input('labels', 'float32', ['n']))
  const [gradient] = gradients(loss, [context], recompute ? transformerBlock : undefined)
  const step = await runtime.compile({ loss, gradient: gradient! }, { planMemory: false })
  const read = await runtime.compile({ classes: classes.is(prompts.length, embedDim) })
  const contextInput = (context: Context) => ({ context: new Value('float32', context, [m, width]) })

  return {
    async gradient({ features, labels }, context) {
      const outputs = await step.run({
        ...contextInput(context),
        x: new Value('float32', features.data, features.shape),
        labels: new Value('float32', Float32Array.from(labels), [labels.length]),
      })
      return { loss: (outputs.loss!.data as Float32Array)[0]!, context: outputs.gradient!.data as Float32Array }
    },
    async classes(context) {
      return (await read.run(contextInput(context))).classes!.data as Float32Array
    },
    async dispose() {
      await step.dispose()
      await read.dispose()
    },
  }
}

/** The parts of a `Clip` that CoOp needs. */
export type PromptedModel = Pick<Clip, 'config' | 'parameters' | 'runtime' | 'logitScale' | 'logitBias' | 'objective'>
