// The benchmarks' settings from the environment; see bench/README.md.

import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Made by bench/peers/make.py: the same random weights in every project's format. */
export const folder = process.env.TYPECLIP_BENCH ?? ''
/** A Python that has torch, clip, open_clip, transformers, openvino. */
export const python = process.env.TYPECLIP_BENCH_PYTHON ?? 'python3'
/** A folder in which @huggingface/transformers is installed. */
export const transformersJs = process.env.TYPECLIP_BENCH_TRANSFORMERS_JS ?? ''
export const threads = Number(process.env.TYPECLIP_BENCH_THREADS ?? 2)
export const rounds = Number(process.env.TYPECLIP_BENCH_ROUNDS ?? 7)

export function checkpoint(name: string): string {
  const file = join(folder, `${name}.safetensors`)
  if (!folder || !existsSync(file)) {
    throw new Error(
      `${file} does not exist; make it with: ${python} bench/peers/make.py FOLDER, and set TYPECLIP_BENCH=FOLDER`,
    )
  }
  return file
}
