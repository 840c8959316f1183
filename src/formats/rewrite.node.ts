// Rewrites a checkpoint under another project's names and layout, tensor for tensor.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Checkpoint, StoredTensor } from '../checkpoint/checkpoint.ts'
import { readTensorBytes } from '../checkpoint/read.node.ts'
import { type TensorToWrite, writeFolder, writeSafetensors } from '../checkpoint/write.node.ts'
import { CheckpointError } from '../errors.ts'
import { dtypeBytes } from '../graph/dtype.ts'
import { byteLength, cast, castType, compositions, type FloatType } from './compose.ts'
import { resolveNaming, type Source, toHuggingFace } from './tensor-names.ts'

/** `openai`: one file. `open_clip`, `hf`: a folder as those projects lay it out. */
export type ConvertTarget = 'openai' | 'open_clip' | 'hf'

export interface ConvertOptions {
  to: ConvertTarget
  /** The type that real numbers are written as. Default: as stored. */
  dtype?: FloatType | undefined
  /** The other files of the folder, by name: configurations, tokenizer. */
  files?: Readonly<Record<string, string>> | undefined
  /** Integers beside the weights: OpenAI's notes of the architecture (`input_resolution` …). */
  notes?: Readonly<Record<string, number>> | undefined
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

const weightsName: Record<ConvertTarget, string | undefined> = {
  openai: undefined,
  open_clip: 'open_clip_model.safetensors',
  hf: 'model.safetensors',
}

/** A canonical tensor's name in the target, and how it is made. */
const targetNames: Record<ConvertTarget, (name: string) => Source | undefined> = {
  openai: (name) => ({ names: [name], how: name.startsWith('logit_') ? 'reshape' : 'same' }),
  open_clip: (name) => ({ names: [name], how: name.startsWith('logit_') ? 'reshape' : 'same' }),
  hf: toHuggingFace,
}

/**
 * Writes a checkpoint in another project's layout. Where the type stays the same, every number keeps its bits.
 *
 * @throws CheckpointError where the target has no name for a tensor; UsageError if the target exists and `overwrite` is not set
 */
export async function convertCheckpoint(
  checkpoint: Checkpoint,
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
  const name = weightsName[options.to]
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
function plan(checkpoint: Checkpoint, { to, dtype, notes = {} }: ConvertOptions): Map<string, TensorToWrite> {
  const { sources } = resolveNaming(checkpoint.tensors.keys())
  const tensors = new Map<string, TensorToWrite>()
  for (const [name, source] of sources) {
    const target = targetNames[to](name)
    if (!target) {
      throw new CheckpointError(
        `Hugging Face's CLIPModel has no place for '${name}'; ${name.startsWith('visual.') ? 'it has no ResNet. ' : ''}Convert to open_clip instead`,
      )
    }
    const parts = source.names.map((stored) => checkpoint.tensors.get(stored)!)
    const made = assemble(name, parts, source.how, dtype)
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

/** The canonical tensor that stored ones make. */
function assemble(
  name: string,
  parts: StoredTensor[],
  how: Source['how'],
  dtype: FloatType | undefined,
): TensorToWrite {
  const types = new Set(parts.map((part) => castType(part.dtype, dtype)))
  if (types.size > 1) {
    throw new CheckpointError(
      `the parts of '${name}' are of different types (${[...types].join(', ')}); choose one with \`dtype\``,
      { option: 'dtype' },
    )
  }
  const type = [...types][0]!
  const { shape, bytes } = compositions[how]
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
