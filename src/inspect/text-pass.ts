// The text encoder's forward pass, stage by stage, for one text.

import { Tensor as Value } from 'onnxruntime-common'
import type { Clip } from '../clip/clip.ts'
import { excerpt, InputError, UsageError } from '../errors.ts'
import { input, type Tensor } from '../graph/tensor.ts'
import { encodeText } from '../model/clip.ts'
import type { TextTowerConfig } from '../model/config.ts'
import { checkIds } from '../model/token-ids.ts'
import { type Pass, runStages } from './stages.ts'

/** One token of a text. */
export interface Token {
  id: number
  /** The vocabulary entry; `</w>` marks the end of a word. */
  piece: string
  /** The decoded text, if it is whole characters. */
  text: string
}

/** One forward pass of the text encoder, with every named stage. */
export interface TextPass extends Pass {
  text: string
  /** From the start token to the end token, without padding: nothing after the end has an effect. */
  tokens: Token[]
  /** Added to the attention scores, `[tokens, tokens]`: −∞ where a row may not attend, else 0. */
  mask: Float32Array
  /** The position of the embedding. */
  readAt: number
  /** How that position is found: the highest id, or the first end token. */
  pool: TextTowerConfig['pool']
}

/** The graph of the text encoder. @param options.allPositions computes every position of every block; default: as `encodeText` */
export function textGraph(
  { config, parameters, name }: Clip,
  options?: { allPositions: boolean },
): { embedding: Tensor } {
  if (!config.text) throw new UsageError(`${name} has no text encoder`)
  const ids = input('ids', 'int32', ['batch', 'length'])
  const end = input('end', 'int64', ['batch', 1])
  const positions = input('positions', 'int32', ['length'])
  return { embedding: encodeText(parameters, { ids, end, positions }, config, options) }
}

/** The inputs of `textGraph` for a text, without padding. @throws InputError for a text that is too long */
export function readText({ tokenizer }: Clip, tower: TextTowerConfig, text: string) {
  const { contextLength, pool, endId } = tower
  const ids = tokenizer.encode(text)
  checkIds(ids, tower, text)
  const length = ids.length
  if (length > contextLength) {
    throw new InputError(
      `text "${excerpt(text, 60)}" has ${length} tokens and the model reads ${contextLength}; shorten it`,
    )
  }
  const readAt = Math.max(0, ids.indexOf(pool === 'argmax' ? Math.max(...ids) : endId))
  const tokens: Token[] = ids.map((id) => ({
    id,
    piece: tokenizer.piece(id),
    text: tokenizer.decode([id]).trim(),
  }))
  const feeds = {
    ids: new Value('int32', Int32Array.from(ids), [1, length]),
    end: new Value('int64', BigInt64Array.of(BigInt(readAt)), [1, 1]),
    positions: new Value('int32', Int32Array.from(ids.keys()), [length]),
  }
  return { tokens, readAt, feeds }
}

export async function inspectText(clip: Clip, text: string): Promise<TextPass> {
  const { config, runtime } = clip
  const build = (): Tensor => textGraph(clip, { allPositions: true }).embedding
  if (!config.text) build()
  const { tokens, readAt, feeds } = readText(clip, config.text!, text)
  const { pass, values } = await runStages(runtime, build, feeds)
  return { ...pass, text, tokens, mask: values('attn_mask'), readAt, pool: config.text!.pool }
}
