// The part of the model whose graph is being built: errors name it, and `inspect` collects its stages.

import type { Tensor } from './tensor.ts'

const path: string[] = []
let stages: Map<string, Tensor> | undefined

/** The innermost part being built, as checkpoints name it; an empty string outside a model. */
export const currentScope = (): string => path.at(-1) ?? ''

/** Builds part of a graph under this scope. */
export function withScope<T>(name: string, build: () => T): T {
  path.push(name)
  try {
    return build()
  } finally {
    path.pop()
  }
}

/** Makes a layer of a function of `(p, x)`: it runs in the scope of `p.path`, and its result is the stage of that name. */
export function layer<P extends { path: string }, Rest extends unknown[]>(
  build: (p: P, x: Tensor, ...rest: Rest) => Tensor,
): (p: P, x: Tensor, ...rest: Rest) => Tensor {
  return (p, x, ...rest) =>
    withScope(p.path, () => {
      const y = build(p, x, ...rest)
      stages?.set(p.path, y)
      return y
    })
}

/**
 * Names an intermediate value of a layer: `visual.transformer.resblocks.0.attn` + `weights`. A stage named as a parameter
 * is the result of applying it: `visual.positional_embedding` is the sum.
 */
export function stage(name: string, x: Tensor): Tensor {
  stages?.set([currentScope(), name].filter(Boolean).join('.'), x)
  return x
}

/** Builds a graph and collects every named stage, in the order of building. */
export function collectStages<T>(build: () => T): { result: T; stages: Map<string, Tensor> } {
  const before = stages
  const collected = new Map<string, Tensor>()
  stages = collected
  try {
    return { result: build(), stages: collected }
  } finally {
    stages = before
  }
}
