// Writes a checkpoint's tensors under another project's names and in its layout.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoredTensor } from '../checkpoint/checkpoint.ts'
import { readTensorBytes } from '../checkpoint/read.node.ts'
import { type TensorToWrite, writeSafetensors } from '../checkpoint/write.node.ts'
import { CheckpointError } from '../errors.ts'
import { writeFolder } from '../files/atomic.node.ts'
import { dtypeBytes } from '../graph/dtype.ts'
import { byteLength, cast, castType, compositions, type FloatType } from './compose.ts'
import { type Beside, type ConvertTarget, families } from './families.ts'
import type { Source } from './tensor-names.ts'

/** A checkpoint's tensors, and what each canonical one is made of. */
export interface NamedTensors {
  tensors: ReadonlyMap<string, StoredTensor>
  sources: ReadonlyMap<string, Source>
}

export interface ConvertOptions extends Pick<Beside, 'files' | 'notes'> {
  to: ConvertTarget
  /** The type that real numbers are written as. Default: as stored. */
  dtype?: FloatType | undefined
  overwrite?: boolean | undefined
  onProgress?: ((progress: { tensor: string; written: number; total: number }) => void) | undefined
}

/** What `convert` wrote: files, tensors and notices. */
export interface ConvertReport {
  /** The file of weights. */
  path: string
  tensors: number
  bytes: number
}

/**
 * Writes a checkpoint in another project's layout. If the type stays the same, every number keeps its bits.
 *
 * @throws CheckpointError if the target has no name for a tensor; UsageError if the target exists and `overwrite` is not set
 */
export async function convertCheckpoint(
  checkpoint: NamedTensors,
  target: string,
  options: ConvertOptions,
): Promise<ConvertReport> {
  const tensors = plan(checkpoint, options)
  const total = [...tensors.values()].reduce((sum, tensor) => sum + byteLength(tensor), 0)
  let written = 0
  const watched = new Map(
    [...tensors].map(([name, tensor]) => {
      const bytes = async () => {
        const made = await tensor.bytes()
        written += made.length
        options.onProgress?.({ tensor: name, written, total })
        return made
      }
      return [name, { ...tensor, bytes }]
    }),
  )
  const metadata = { format: 'pt' }
  const { overwrite = false, files = {} } = options
  const name = families[options.to].weights
  if (!name) await writeSafetensors(target, watched, { metadata, overwrite })
  else {
    await writeFolder(target, overwrite, async (part) => {
      for (const [file, text] of Object.entries(files)) await writeFile(join(part, file), text)
      await writeSafetensors(join(part, name), watched, { metadata })
    })
  }
  return { path: name ? join(target, name) : target, tensors: tensors.size, bytes: total }
}

/** Every tensor of the target with its type and shape, before a byte is read. */
function plan(checkpoint: NamedTensors, { to, dtype, notes = {} }: ConvertOptions): Map<string, TensorToWrite> {
  const tensors = new Map<string, TensorToWrite>()
  for (const name of checkpoint.sources.keys()) {
    const target = families[to].tensor(name)
    if (!target) {
      throw new CheckpointError(
        `Hugging Face's CLIPModel has no place for '${name}'; ${name.startsWith('visual.') ? 'it has no ResNet. ' : ''}Convert to open_clip instead`,
      )
    }
    const made = canonicalTensor(checkpoint, name, dtype)!
    const { partShape, part } = compositions[target.how]
    const shape = partShape(made.shape, target.names.length, name)
    target.names.forEach((targetName, i) => {
      const bytes = async () => part(await made.bytes(), made.shape, i, target.names.length, dtypeBytes(made.dtype))
      tensors.set(targetName, { dtype: made.dtype, shape, bytes })
    })
  }
  for (const [name, value] of Object.entries(notes)) {
    const bytes = new Uint8Array(BigInt64Array.of(BigInt(value)).buffer)
    tensors.set(name, { dtype: 'int64', shape: [], bytes: async () => bytes })
  }
  return tensors
}

/** A canonical tensor, made of stored ones when its bytes are needed; undefined if the checkpoint does not have it. */
export function canonicalTensor(
  { tensors, sources }: NamedTensors,
  name: string,
  dtype?: FloatType | undefined,
): TensorToWrite | undefined {
  const source = sources.get(name)
  if (!source) return undefined
  const parts = source.names.map((stored) => tensors.get(stored)!)
  const types = new Set(parts.map((part) => castType(part.dtype, dtype)))
  if (types.size > 1) {
    throw new CheckpointError(
      `the parts of '${name}' are of different types (${[...types].join(', ')}); choose one with \`dtype\``,
      { option: 'dtype' },
    )
  }
  const type = [...types][0]!
  const { shape, bytes } = compositions[source.how]
  const whole = shape(
    parts.map((part) => part.shape),
    name,
  )
  return {
    dtype: type,
    shape: whole,
    async bytes() {
      const read = await Promise.all(parts.map(async (part) => cast(await readTensorBytes(part), part.dtype, type)))
      return bytes(read, whole, dtypeBytes(type))
    },
  }
}
