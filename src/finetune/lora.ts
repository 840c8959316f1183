// LoRA (Hu et al. 2021): a weight stays as it is, and the product of two thin matrices is learnt beside it.
//
//     W' = W + s · B A,  A [r, in], B [out, r],  s = α / r, or α / √r (rank-stabilised: Kalajdzievski 2023, and CLIP-LoRA)

import { concat, type Tensor } from '../graph/tensor.ts'
import type { Lookup } from '../model/parameters.ts'
import { createRandom } from '../random.ts'
import type { Values } from '../training/adaptation.ts'

/** A block's matrices: attention's query, key, value and output, and the two of the MLP. */
export const loraTargets = ['q', 'k', 'v', 'out', 'fc', 'proj'] as const
export type LoraTarget = (typeof loraTargets)[number]
export type LoraScaling = 'standard' | 'rank-stabilised'
export type Tower = 'image' | 'text'

export interface LoraOptions {
  rank: number
  alpha: number
  scaling: LoraScaling
  targets: readonly LoraTarget[]
  towers: readonly Tower[]
}

/** CLIP-LoRA's (Zanella & Ben Ayed 2024). */
export const loraDefaults: LoraOptions = {
  rank: 2,
  alpha: 1,
  scaling: 'rank-stabilised',
  targets: ['q', 'k', 'v'],
  towers: ['image', 'text'],
}

/** Each target's matrix: in which parameter it lies, and as which of how many equal parts. */
const places: Record<LoraTarget, { weight: string; part: number; of: number; module: string }> = {
  q: { weight: 'attn.in_proj_weight', part: 0, of: 3, module: 'attn.q_proj' },
  k: { weight: 'attn.in_proj_weight', part: 1, of: 3, module: 'attn.k_proj' },
  v: { weight: 'attn.in_proj_weight', part: 2, of: 3, module: 'attn.v_proj' },
  out: { weight: 'attn.out_proj.weight', part: 0, of: 1, module: 'attn.out_proj' },
  fc: { weight: 'mlp.c_fc.weight', part: 0, of: 1, module: 'mlp.c_fc' },
  proj: { weight: 'mlp.c_proj.weight', part: 0, of: 1, module: 'mlp.c_proj' },
}

export const loraScale = ({ rank, alpha, scaling }: Pick<LoraOptions, 'rank' | 'alpha' | 'scaling'>): number =>
  scaling === 'standard' ? alpha / rank : alpha / Math.sqrt(rank)

/** `visual.transformer.resblocks.0.attn.q_proj.lora_A.weight` */
export const isLora = (name: string): boolean => /\.lora_[AB]\.weight$/.test(name)

interface Adapted {
  part: number
  of: number
  /** Names of the two matrices. */
  a: string
  b: string
}

/** What is added to a parameter: nothing, where it is none of the targets. */
function adaptedParts(name: string, { targets, towers }: Pick<LoraOptions, 'targets' | 'towers'>): Adapted[] {
  const [, block, weight] = /^((?:visual\.)?transformer\.resblocks\.\d+)\.(.+)$/.exec(name) ?? []
  if (!block || !towers.includes(block.startsWith('visual.') ? 'image' : 'text')) return []
  return targets
    .map((target) => places[target])
    .filter((place) => place.weight === weight)
    .map(({ part, of, module }) => ({
      part,
      of,
      a: `${block}.${module}.lora_A.weight`,
      b: `${block}.${module}.lora_B.weight`,
    }))
}

/** For `Adaptation.wrap`: the model is answered with `W + s · B A`. */
export function withLora(options: LoraOptions): (lookup: Lookup) => Lookup {
  const scale = loraScale(options)
  return (lookup) => {
    const answers = new Map<string, Tensor>()
    return (name, shape) => {
      const base = lookup(name, shape)
      const parts = base && shape ? adaptedParts(name, options) : []
      if (!base || !shape || parts.length === 0) return base
      const known = answers.get(name)
      if (known) return known
      const [rows, width] = shape as [number, number]
      const count = parts[0]!.of
      const deltas = parts.map(({ part, a, b }): [number, Tensor] => {
        const [down, up] = [lookup(a, [options.rank, width])!, lookup(b, [rows / count, options.rank])!]
        return [part, up.matmul(down).mul(scale)]
      })
      const added = new Map(deltas)
      const pieces = count === 1 ? [base] : base.split(0, count)
      const changed = pieces.map((piece, i) => (added.has(i) ? piece.add(added.get(i)!) : piece))
      const answer = changed.length === 1 ? changed[0]! : concat(changed, 0)
      answers.set(name, answer)
      return answer
    }
  }
}

/** What LoRA's matrices begin with, as PEFT has it: A uniform in ±1/√in (Kaiming, a = √5), B zero. */
export function initialLora(name: string, shape: readonly number[], seed: number): Float32Array | undefined {
  if (!isLora(name)) return undefined
  const values = new Float32Array(shape[0]! * shape[1]!)
  if (name.endsWith('lora_B.weight')) return values
  const random = createRandom('lora', seed, name)
  const bound = shape[1]! ** -0.5
  return values.map(() => random.uniform(-bound, bound))
}

/**
 * A parameter with the adapter's product added to it, or, with `sign` −1, taken from it again.
 *
 * @param base the parameter's values, which stay as they are
 * @returns undefined for a parameter that LoRA leaves as it is
 */
export function addLora(
  name: string,
  base: Float32Array,
  values: Values,
  options: LoraOptions,
  sign: 1 | -1 = 1,
): Float32Array | undefined {
  const parts = adaptedParts(name, options)
  if (parts.length === 0) return undefined
  const { rank } = options
  const scale = sign * loraScale(options)
  const sum = base.slice()
  for (const { part, of, a, b } of parts) {
    const [down, up] = [values(a), values(b)]
    const width = down.length / rank
    const rows = up.length / rank
    const from = (part * sum.length) / of
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < rank; k++) {
        const factor = scale * up[row * rank + k]!
        for (let c = 0; c < width; c++) sum[from + row * width + c]! += factor * down[k * width + c]!
      }
    }
  }
  return sum
}
