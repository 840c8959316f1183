// Why did it match? Gradient × attention relevance of places and words for a similarity (Chefer, Gur and Wolf 2021,
// "Generic Attention-model Explainability for Interpreting Bi-Modal and Encoder-Decoder Transformers", equations 5 and 6,
// as its authors apply it to CLIP).
//
//   Ā = mean over the heads of (∂logit/∂A ⊙ A)⁺      R ← R + Ā · R, block after block, from the identity on

import { Tensor as Value } from 'onnxruntime-common'
import { UsageError } from '../errors.ts'
import { gradients } from '../graph/gradient.ts'
import { collectStages } from '../graph/scope.ts'
import { input, type Tensor } from '../graph/tensor.ts'
import { type Clip, unit } from '../load.ts'
import { imageGraph } from './image-pass.ts'
import { textGraph } from './text-pass.ts'

/** The block that the walk starts at, from 0; negative ones count from the last, −1, which is the authors' choice. */
export interface RelevanceOptions {
  /**
   * For both towers, or for each. An earlier start spreads the relevance: it follows what the last blocks read back to
   * where that came from. An attention pool is one block, so that of a ModifiedResNet there is nothing to choose.
   */
  startLayer?: number | { image?: number; text?: number } | undefined
  signal?: AbortSignal | undefined
}

/** A tower's relevance as one graph, compiled: its inputs, and `target`, to what one number for each position. */
export interface RelevanceProgram {
  /**
   * @param read how much of the embedding is read at each position: 1 at one, or a share each
   * @param target what the embedding is compared with, of any length
   */
  run(feeds: Readonly<Record<string, Value>>, read: Float32Array, target: Float32Array): Promise<Float32Array>
  dispose(): Promise<void>
}

const towers = { image: imageGraph, text: textGraph }

/** Builds a tower, the logit of its embedding with a target, and the relevance of every position to that. */
export async function relevanceProgram(
  clip: Clip,
  tower: keyof typeof towers,
  startLayer: number,
): Promise<RelevanceProgram> {
  const { name, runtime, logitScale } = clip
  const { result, stages } = collectStages(() => towers[tower](clip))
  const { embedding } = result
  const attention = [...stages].filter(([stage]) => /attn(pool)?\.weights$/.test(stage)).map(([, weights]) => weights)
  const from = startLayer < 0 ? attention.length + startLayer : startLayer
  if (!Number.isInteger(from) || !(from in attention)) {
    const last = attention.length - 1
    throw new UsageError(
      `${name}: an explanation cannot start at block ${startLayer} of the ${tower} encoder; \`startLayer\` is 0 to ${last}, or −1 (the last) to −${last + 1}`,
    )
  }
  const target = input('target', 'float32', ['batch', embedding.shape[1]!])
  const read = input('read', 'float32', ['batch', 1, attention.at(-1)!.shape[3]!])
  const blocks = attention.slice(from)
  const relevance = relevanceOf(blocks, read, logit(embedding, target, logitScale))
  const program = await runtime.compile({ relevance }, { name: `${name}, relevance of the ${tower}` })
  return {
    async run(feeds, where, toward) {
      const { relevance: found } = await program.run({
        ...feeds,
        read: new Value('float32', where, [1, 1, where.length]),
        target: new Value('float32', unit(toward), [1, toward.length]),
      })
      return found!.data as Float32Array
    },
    dispose: () => program.dispose(),
  }
}

/** `e · t / ‖e‖ · exp(s)`, `t` being of length 1: a sum over the batch, whose members do not depend on each other. */
function logit(embedding: Tensor, target: Tensor, scale: number): Tensor {
  const length = embedding.mul(embedding).sum([1]).sqrt()
  return embedding.div(length).mul(target).mul(scale).sum([0, 1], false)
}

/**
 * The rows of `R = (I + Ā_L) … (I + Ā_s)` that are read, without their share of the identity: `[batch, 1, positions]`.
 * Multiplied from the left, a row at a time, which is the same product and needs no matrix of positions × positions.
 */
function relevanceOf(blocks: readonly Tensor[], read: Tensor, similarity: Tensor): Tensor {
  const slopes = gradients(similarity, blocks)
  const looks = blocks.map((weights, i) => weights.mul(slopes[i]!).relu().mean([1], false)) // [batch, rows, positions]
  return looks
    .reduceRight((row, look) => {
      // A block whose other positions nobody reads computes none but the one: that row is all there is of its matrix.
      const only = look.shape[1] === 1
      return row.add(only ? look : row.matmul(look))
    }, read)
    .sub(read)
}
