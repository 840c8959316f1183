// LoRA (Hu et al. 2021): a weight is frozen, and the product of two low-rank matrices is trained beside it.
//
//     W' = W + s · B A,  A [r, in], B [out, r],  s = α / r, or α / √r (rank-stabilised: Kalajdzievski 2023, and CLIP-LoRA)

import { concat, type Tensor } from '../../graph/tensor.ts'
import { towerOf } from '../../model/parameter-names.ts'
import type { Lookup } from '../../model/parameters.ts'
import { createRandom } from '../../random.ts'
import type { Values } from '../../training/adaptation.ts'

/** The matrices of a block: attention's query, key, value and output, and the MLP's two. */
export const loraTargets = ['q', 'k', 'v', 'out', 'fc', 'proj'] as const

/**
 * A weight that LoRA can adapt: the query, key, value and output projections of attention, and the two layers of the
 * MLP.
 */
export type LoraTarget = (typeof loraTargets)[number]

/** The scale `s` in `W + s B A`: `α / r` (Hu et al. 2022), or `α / √r` (Kalajdzievski 2023). */
export type LoraScaling = 'standard' | 'rank-stabilised'

/** One of the two encoders. */
export type Tower = 'image' | 'text'

/** Options of LoRA. */
export interface LoraOptions {
  /** Rank `r` of the two matrices. Default: 2. */
  rank: number
  /** `α` of the scale. Default: 1. */
  alpha: number
  /** Default: `'rank-stabilised'`. */
  scaling: LoraScaling
  /** Weights to adapt in each block. Default: query, key and value. */
  targets: readonly LoraTarget[]
  /** Encoders to adapt. Default: both. */
  towers: readonly Tower[]
}

/** CLIP-LoRA's defaults (Zanella & Ben Ayed 2024). */
export const loraDefaults: LoraOptions = {
  rank: 2,
  alpha: 1,
  scaling: 'rank-stabilised',
  targets: ['q', 'k', 'v'],
  towers: ['image', 'text'],
}

interface Place {
  weight: string
  /** The index of the matrix among `of` equal parts of that parameter. */
  part: number
  of: number
  module: string
}

/** Each target's matrix in a transformer block, and in a ResNet's attention pool. */
const places: Record<LoraTarget, { block: Place; pool?: Place }> = {
  q: { block: { weight: 'attn.in_proj_weight', part: 0, of: 3, module: 'attn.q_proj' }, pool: whole('q_proj') },
  k: { block: { weight: 'attn.in_proj_weight', part: 1, of: 3, module: 'attn.k_proj' }, pool: whole('k_proj') },
  v: { block: { weight: 'attn.in_proj_weight', part: 2, of: 3, module: 'attn.v_proj' }, pool: whole('v_proj') },
  out: { block: whole('attn.out_proj'), pool: whole('c_proj') },
  fc: { block: whole('mlp.c_fc') },
  proj: { block: whole('mlp.c_proj') },
}

function whole(module: string): Place {
  return { weight: `${module}.weight`, part: 0, of: 1, module }
}

/** The scale `s` in `W + s B A`. */
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

/** The matrices added to a parameter; none if it is not a target. */
export function adaptedBy(name: string, { targets, towers }: Pick<LoraOptions, 'targets' | 'towers'>): Adapted[] {
  const [, at, weight] = /^((?:visual\.)?transformer\.resblocks\.\d+|visual\.attnpool)\.(.+)$/.exec(name) ?? []
  if (!at || !towers.includes(towerOf(name)!)) return []
  const kind = at.endsWith('attnpool') ? 'pool' : 'block'
  return targets
    .map((target) => places[target][kind])
    .filter((place) => place?.weight === weight)
    .map((place) => {
      const { part, of, module } = place!
      return { part, of, a: `${at}.${module}.lora_A.weight`, b: `${at}.${module}.lora_B.weight` }
    })
}

/**
 * For `Adaptation.wrap`: replaces targets by `W + s · B A`. Several matrices of one parameter are combined in one product,
 * `[[B₁, 0], [0, B₂]] [A₁; A₂]`.
 */
export function withLora(options: LoraOptions): (lookup: Lookup) => Lookup {
  const scale = loraScale(options)
  return (lookup) => {
    const sums = new Map<string, Tensor>()
    return (name, shape) => {
      const base = lookup(name, shape)
      const parts = base && shape ? adaptedBy(name, options) : []
      if (!base || !shape || parts.length === 0) return base
      const built = sums.get(name)
      if (built) return built
      const [rows, width] = shape as [number, number]
      const { rank } = options
      const pairs = parts.map(({ of, a, b }) => [lookup(a, [rank, width])!, lookup(b, [rows / of, rank])!] as const)
      const down = pairs.map(([a]) => a)
      const up = pairs.map(([, b], i) => {
        const { part, of } = parts[i]!
        const [above, below] = [(part * rows) / of, ((of - 1 - part) * rows) / of]
        return b.mul(scale).pad(above, 0, below, 0)
      })
      const product = joined(up, 1).matmul(joined(down, 0))
      const sum = base.add(product)
      sums.set(name, sum)
      return sum
    }
  }
}

const joined = (parts: readonly Tensor[], axis: number): Tensor =>
  parts.length === 1 ? parts[0]! : concat(parts, axis)

/** Initial values of LoRA's matrices, as in PEFT: A uniform in ±1/√in (Kaiming, a = √5), B zero. */
export function initialLora(name: string, shape: readonly number[], seed: number): Float32Array | undefined {
  if (!isLora(name)) return undefined
  const values = new Float32Array(shape[0]! * shape[1]!)
  if (name.endsWith('lora_B.weight')) return values
  const random = createRandom('lora', seed, name)
  const bound = shape[1]! ** -0.5
  return values.map(() => random.uniform(-bound, bound))
}

/**
 * A parameter with the adapter's product added, or, with `sign` −1, subtracted.
 *
 * @param base the parameter's values; not modified
 * @returns undefined for a parameter that is not a target
 */
export function addLora(
  name: string,
  base: Float32Array,
  values: Values,
  options: LoraOptions,
  sign: 1 | -1 = 1,
): Float32Array | undefined {
  const parts = adaptedBy(name, options)
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
