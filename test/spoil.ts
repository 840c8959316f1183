// Overwrites elements of a tensor in a model's .safetensors file with a number.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** @param all overwrite every element instead of the first */
export function spoil(folder: string, parameter: string, value: number, { all = false } = {}): void {
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith('model.safetensors'))!)
  const bytes = readFileSync(file)
  const headerLength = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength))
  const { dtype, data_offsets } = header[parameter]
  if (dtype !== 'F32') throw new Error(`${parameter} is ${dtype}`)
  const [from, to] = data_offsets
  for (let at = from; at < (all ? to : from + 4); at += 4) bytes.writeFloatLE(value, 8 + headerLength + at)
  writeFileSync(file, bytes)
}
