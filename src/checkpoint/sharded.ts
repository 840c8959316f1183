// A sharded checkpoint: `index.json` says which file has which tensor.

import { CheckpointError } from '../errors.ts'
import type { Checkpoint } from './checkpoint.ts'
import { isObject, parseStrictJson } from './strict-json.ts'

/** File name of each shard → the tensors it should hold. */
export function readShardIndex(text: string, path: string): Map<string, string[]> {
  const where = `${path}: the index of shards`
  const index = parseStrictJson(text, where)
  const map = isObject(index) ? index.weight_map : undefined
  if (!isObject(map)) throw new CheckpointError(`${where} should be a JSON object with a weight_map`)
  const shards = new Map<string, string[]>()
  for (const [name, file] of Object.entries(map)) {
    // Only names beside the index: an index from outside must not point the reader elsewhere.
    if (typeof file !== 'string' || !/^[\w.-]+$/.test(file) || /^\.+$/.test(file)) {
      throw new CheckpointError(
        `${where}: tensor '${name}' is said to be in ${JSON.stringify(file)}, which is not the name of a file beside it`,
      )
    }
    const tensors = shards.get(file)
    if (tensors) tensors.push(name)
    else shards.set(file, [name])
  }
  if (shards.size === 0) throw new CheckpointError(`${where} lists no tensors`)
  return shards
}

/** Joins the shards: takes from each the tensors that the index lists for it. */
export function joinShards(parts: { shard: Checkpoint; names: string[] }[], path: string): Checkpoint {
  const tensors: Checkpoint['tensors'] = new Map()
  for (const { shard, names } of parts) {
    for (const name of names) {
      const tensor = shard.tensors.get(name)
      if (!tensor) {
        throw new CheckpointError(
          `${path}: the index says that '${name}' is in ${shard.files[0]}, which does not hold it`,
        )
      }
      tensors.set(name, tensor)
    }
  }
  const files = parts.flatMap(({ shard }) => shard.files)
  return { tensors, format: parts[0]!.shard.format, files, metadata: parts[0]!.shard.metadata }
}
