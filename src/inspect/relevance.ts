// Why did it match? Gradient × attention relevance of image positions and tokens for a similarity (Chefer, Gur and Wolf 2021,
// "Generic Attention-model Explainability for Interpreting Bi-Modal and Encoder-Decoder Transformers", equations 5 and 6,
// as its authors apply it to CLIP).
//
//   Ā = mean over the heads of (∂logit/∂A ⊙ A)⁺      R ← R + Ā · R, block after block, starting from the identity

import { Tensor as Value } from 'onnxruntime-common'
import type { Clip } from '../clip/clip.ts'
import { unit } from '../clip/embeddings.ts'
import { UsageError } from '../errors.ts'
import { gradients } from '../graph/gradient.ts'
import { collectStages } from '../graph/scope.ts'
import { input, type Tensor } from '../graph/tensor.ts'
import { imageGraph } from './image-pass.ts'
import { textGraph } from './text-pass.ts'

/** Options of an explanation. */
export interface RelevanceOptions {
  /**
   * The first block that relevance is propagated through, for both encoders or each: from 0, or counted from the last, −1.
   * Default: −1, as the authors. An earlier start spreads the relevance over more positions. A ModifiedResNet has only one
   * block, its attention pool.
   */
  startLayer?: number | { image?: number | undefined; text?: number | undefined } | undefined
  signal?: AbortSignal | undefined
}

/** The compiled graph of an encoder's relevance: from its inputs and a target to one number per position. */
export interface RelevanceProgram {
  /**
   * @param read the embedding's weight on each position: 1 for one position, or equal shares
   * @param target compared with the embedding, need not be normalised
   */
  run(feeds: Readonly<Record<string, Value>>, read: Float32Array, target: Float32Array): Promise<Float32Array>
  dispose(): Promise<void>
}

const towers = { image: imageGraph, text: textGraph }

/** Builds an encoder, the logit of its embedding with a target, and the relevance of every position to that logit. */
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
  const program = await runtime.compile({ relevance })
  return {
    async run(feeds, read, target) {
      const outputs = await program.run({
        ...feeds,
        read: new Value('float32', read, [1, 1, read.length]),
        target: new Value('float32', unit(target), [1, target.length]),
      })
      return outputs.relevance!.data as Float32Array
    },
    dispose: () => program.dispose(),
  }
}

/** `e · t / ‖e‖ · exp(s)` with `t` of unit length, summed over the batch, whose members do not depend on each other. */
function logit(embedding: Tensor, target: Tensor, scale: number): Tensor {
  const length = embedding.mul(embedding).sum([1]).sqrt()
  return embedding.div(length).mul(target).mul(scale).sum([0, 1], false)
}

/**
 * `read · R − read` with `R = (I + Ā_L) … (I + Ā_s)`: `[batch, 1, positions]`. Multiplied from the left, a row at a time,
 * which needs no matrix of positions × positions.
 */
function relevanceOf(blocks: readonly Tensor[], read: Tensor, similarity: Tensor): Tensor {
  const slopes = gradients(similarity, blocks)
  const attended = blocks.map((weights, i) => weights.mul(slopes[i]!).relu().mean([1], false)) // [batch, rows, positions]
  return attended
    .reduceRight((row, weights) => {
      // The last block may compute only the position that is read: its matrix is then that one row.
      const isRow = weights.shape[1] === 1
      return row.add(isRow ? weights : row.matmul(weights))
    }, read)
    .sub(read)
}
