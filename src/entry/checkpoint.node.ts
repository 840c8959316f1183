/**
 * `typeclip/checkpoint`: the tensors of a checkpoint, under the names that its file gives them.
 *
 * {@includeCode ../../examples/checkpoint-tensors.ts}
 *
 * @module typeclip/checkpoint
 */

export type { Elements } from '../checkpoint/bytes.ts'
export type { Checkpoint, StoredTensor } from '../checkpoint/checkpoint.ts'
export { openCheckpoint } from '../checkpoint/open.node.ts'
export { readTensor } from '../checkpoint/read.node.ts'
export { CheckpointError } from '../errors.ts'
export type { DType } from '../graph/dtype.ts'
