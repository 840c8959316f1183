// Opens a checkpoint: a file, the index of a sharded checkpoint, or a model folder.

import { readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CheckpointError } from '../errors.ts'
import type { ByteSource } from './byte-source.ts'
import type { Checkpoint } from './checkpoint.ts'
import { withFile } from './file.node.ts'
import { type Content, recognize } from './recognize.ts'
import { readSafetensors } from './safetensors.ts'
import { joinShards, readShardIndex } from './sharded.ts'
import { readTorchArchive } from './torch.ts'
import { readLegacyTorch } from './torch-legacy.ts'
import { weightFiles } from './weight-files.ts'

// An index has some hundred bytes for each tensor; the largest model has some thousand tensors.
const maxIndexBytes = 64 << 20

/**
 * Opens a checkpoint: the name, type, shape and location of every tensor. No weights are read, and no pickle code is run.
 *
 * @param path a `.safetensors`, `.pt`, `.bin`, `.pth` or `.ckpt` file, an `index.json` of shards, or a folder that holds one
 *   of these. The content decides what a file is, not its name.
 * @throws CheckpointError for a file that cannot be read, saying what is wrong
 *
 * @example
 * ```ts
 * import { openCheckpoint, readTensor } from 'typeclip/checkpoint'
 *
 * const { tensors } = await openCheckpoint('model.safetensors')
 * for (const [name, { dtype, shape }] of tensors) console.log(name, dtype, shape)
 * const values = await readTensor(tensors.get('logit_scale')!)
 * ```
 */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  const stats = await stat(path).catch(() => undefined)
  return withFile(stats?.isDirectory() ? await weightsIn(path) : path, async (source) => {
    const content = recognize(await source.read(0, Math.min(source.size, 512)), source.path)
    return openers[content](source, path)
  })
}

const openers: Record<Content, (source: ByteSource, asked: string) => Promise<Checkpoint>> = {
  safetensors: async (source) => ({ ...(await readSafetensors(source)), format: 'safetensors', files: [source.path] }),
  'torch archive': readTorchArchive,
  pickle: readLegacyTorch,
  json: openShards,
}

/** The shards are beside the index as named by the caller: in the hub's cache the real file is elsewhere. */
async function openShards(source: ByteSource, asked: string): Promise<Checkpoint> {
  if (source.size > maxIndexBytes)
    throw new CheckpointError(
      `${source.path}: ${source.size} bytes are too many for an index of shards; this is another kind of file`,
    )
  const text = new TextDecoder().decode(await source.read(0, source.size))
  const folder = (await stat(asked)).isDirectory() ? asked : dirname(asked)
  const parts = []
  for (const [file, names] of readShardIndex(text, source.path)) {
    parts.push({ shard: await openShard(join(folder, file)), names })
  }
  return joinShards(parts, source.path)
}

/** A shard must be a file of weights: an index could name itself and recurse for ever. */
function openShard(path: string): Promise<Checkpoint> {
  return withFile(path, async (source) => {
    const content = recognize(await source.read(0, Math.min(source.size, 512)), source.path)
    if (content === 'json')
      throw new CheckpointError(`${source.path}: is an index of shards, but an index names it as a file of weights`)
    return openers[content](source, path)
  })
}

async function weightsIn(folder: string): Promise<string> {
  const entries = await readdir(folder)
  const preferred = weightFiles.find((name) => entries.includes(name))
  if (preferred) return join(folder, preferred)
  // A classifier may be beside the model's weights.
  const others = entries.filter(
    (name) => /\.(safetensors|pt|pth|bin|ckpt)$/.test(name) && name !== 'classifier.safetensors',
  )
  if (others.length === 1) return join(folder, others[0]!)
  throw new CheckpointError(
    others.length === 0
      ? `${await realpath(folder)}: no weights in this folder; expected one of ${weightFiles.join(', ')}`
      : `${await realpath(folder)}: ${others.length} files of weights (${others.slice(0, 5).join(', ')}); give the path of the one you want`,
  )
}
