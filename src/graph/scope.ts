// Where in the model we are while its graph is built: errors name the place, and the explorer asks for its stages.

import type { Tensor } from './tensor.ts'

const path: string[] = []
let stages: Map<string, Tensor> | undefined

/** The innermost part being built, as checkpoints name it, or an empty string. */
export const currentScope = (): string => path.at(-1) ?? ''

/** Builds a part of a graph whose place is this name. */
export function within<T>(name: string, build: () => T): T {
  path.push(name)
  try {
    return build()
  } finally {
    path.pop()
  }
}

/**
 * Makes a layer of a function of `(p, x)`: while it runs, its place is the path of `p`, and what it returns is the
 * stage of that name.
 */
export function layer<P extends { path: string }, Rest extends unknown[]>(
  build: (p: P, x: Tensor, ...rest: Rest) => Tensor,
): (p: P, x: Tensor, ...rest: Rest) => Tensor {
  return (p, x, ...rest) =>
    within(p.path, () => {
      const y = build(p, x, ...rest)
      stages?.set(p.path, y)
      return y
    })
}

/**
 * Names an intermediate value inside a layer: `visual.transformer.resblocks.0.attn` + `weights`. Where a parameter of
 * that name was just applied, the stage is what came of it: `visual.positional_embedding` is the sum.
 */
export function stage(name: string, x: Tensor): Tensor {
  stages?.set([currentScope(), name].filter(Boolean).join('.'), x)
  return x
}

/** Builds a graph and collects every named stage, in the order in which they are made. */
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
