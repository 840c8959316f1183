// A graph's parts in an order in which they can be computed.

import type { Node, Tensor } from './tensor.ts'

/** Everything that these tensors need: inputs and weights as tensors, the rest as nodes, each after what it reads. */
export function inOrder(results: readonly Tensor[]): (Tensor | Node)[] {
  const parts: (Tensor | Node)[] = []
  const seen = new Set<Tensor | Node>()
  // Depth first, without recursion: a deep network is a long chain. A node comes up twice, before and after its inputs.
  const stack = results.map((tensor) => ({ part: partOf(tensor), ready: false })).reverse()
  while (stack.length) {
    const { part, ready } = stack.pop()!
    if (ready) parts.push(part)
    else if (!seen.has(part)) {
      seen.add(part)
      stack.push({ part, ready: true })
      if ('op' in part) stack.push(...part.inputs.map((x) => ({ part: partOf(x), ready: false })).reverse())
    }
  }
  return parts
}

const partOf = (tensor: Tensor): Tensor | Node => (tensor.origin.kind === 'node' ? tensor.origin.node : tensor)
