// CoOp (Zhou et al., IJCV 2022): the words around a class's name are learnt, as vectors, and nothing else,
//
//     prompt_c = [start] [V]₁ … [V]ₘ [name of c] . [end],  z_c = exp(t) · I / ‖I‖ · T_c / ‖T_c‖,  loss = cross-entropy of z.
//
// The model's text tower is as it was: it reads a vocabulary of its own, whose first m tokens are the learnt words.

import { Tensor as Value } from 'onnxruntime-common'
import { UsageError } from '../errors.ts'
import { gradients } from '../graph/gradient.ts'
import { concat, constant, input } from '../graph/tensor.ts'
import type { Clip } from '../load.ts'
import { normalize } from '../model/clip.ts'
import { transformerBlock } from '../model/parameter-names.ts'
import { objectives } from '../objectives/index.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'
import { constantTexts } from './class-prompts.ts'
import { crossEntropy } from './classification-head.ts'
import type { UnitFeatures } from './unit-features.ts'

/** The context's vectors: `[m, width]`, row-major. */
export type Context = Float32Array

/** CoOp's loss and its gradient, compiled for one set of classes (Zhou et al. 2022). */
export interface PromptLearner {
  /** The mean cross-entropy of some pictures at a context, and its derivative by it. */
  gradient(batch: UnitFeatures, context: Context): Promise<{ loss: number; context: Context }>
  /** The classes' embeddings, `[classes, embedDim]`, of unit length. */
  classes(context: Context): Promise<Float32Array>
  dispose(): Promise<void>
}

/** Words that the authors learn. */
export const usualLength = 16

/** Each class's ids from start to end, without the context: `[start] name . [end]` */
export const namePrompts = (tokenizer: Tokenizer, words: readonly string[]): number[][] =>
  words.map((word) => [...tokenizer.encode(`${word.replaceAll('_', ' ')}.`)])

/**
 * How many words can be learnt: `asked`, or 16, or fewer where the model's context has no more room beside the longest name.
 *
 * @throws UsageError where there is no room for those that were asked for, or for one
 */
export function contextLengthFor(prompts: readonly (readonly number[])[], room: number, asked?: number): number {
  const longest = Math.max(...prompts.map((ids) => ids.length))
  const most = room - longest
  if (most < (asked ?? 1)) {
    const wanted = asked === undefined ? '' : `, and ${asked} were asked for`
    const advice = asked === undefined ? 'shorten the names' : 'choose a smaller `contextLength`, or shorten the names'
    throw new UsageError(
      `the model reads ${room} tokens, and the longest class name takes ${longest} with start, full stop and end: ${Math.max(0, most)} are left for words to learn${wanted}; ${advice} with \`words\``,
    )
  }
  return asked ?? Math.min(usualLength, most)
}

/**
 * Compiles CoOp's loss and its gradient by the context. `recompute` computes the inside of each block twice: slower, in less
 * memory (a fifth less for twelve blocks).
 *
 * @param prompts ids of each class from start to end; the context goes after the start
 * @param m length of the context in tokens
 */
export async function createPromptLearner(
  { config, parameters, runtime, logitScale, logitBias, objective }: PromptedModel,
  prompts: readonly (readonly number[])[],
  m: number,
  { recompute = false }: { recompute?: boolean | undefined } = {},
): Promise<PromptLearner> {
  const { text: tower, embedDim } = config
  const encodeText = objectives[objective].encodeText
  if (!tower || !encodeText) throw new UsageError('CoOp needs a model with a text tower')
  const { width, vocabularySize } = tower

  const own = [...new Set(prompts.flat())]
  const context = input('context', 'float32', [m, width])
  const stored = parameters.get('token_embedding.weight', vocabularySize, width)
  const table = concat([context, stored.gather(constant(Int32Array.from(own), [own.length]))], 0)
  const texts = prompts.map(([start, ...rest]) => [
    m + own.indexOf(start!),
    ...Array.from({ length: m }, (_, i) => i),
    ...rest.map((id) => m + own.indexOf(id)),
  ])
  const smaller = { ...config, text: { ...tower, vocabularySize: m + own.length } }
  const classes = normalize(encodeText(parameters.with('token_embedding.weight', table), constantTexts(texts), smaller))
  const x = input('x', 'float32', ['n', embedDim])
  const logits = x.matmulTransposed(classes).mul(logitScale).add(logitBias)
  const loss = crossEntropy(logits, input('labels', 'float32', ['n']))
  const [gradient] = gradients(loss, [context], recompute ? transformerBlock : undefined)
  const step = await runtime.compile({ loss, gradient: gradient! }, { planMemory: false })
  const read = await runtime.compile({ classes: classes.is(prompts.length, embedDim) })
  const given = (context: Context) => ({ context: new Value('float32', context, [m, width]) })

  return {
    async gradient({ x, width, labels }, at) {
      const found = await step.run({
        ...given(at),
        x: new Value('float32', x, [labels.length, width]),
        labels: new Value('float32', Float32Array.from(labels), [labels.length]),
      })
      return { loss: (found.loss!.data as Float32Array)[0]!, context: found.gradient!.data as Float32Array }
    },
    async classes(at) {
      return (await read.run(given(at))).classes!.data as Float32Array
    },
    async dispose() {
      await step.dispose()
      await read.dispose()
    },
  }
}

/** The parts of a `Clip` that CoOp needs. */
export type PromptedModel = Pick<Clip, 'config' | 'parameters' | 'runtime' | 'logitScale' | 'logitBias' | 'objective'>
