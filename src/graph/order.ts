// The parts of a graph in topological order.

import type { Node, Tensor } from './tensor.ts'

/** Everything that these tensors depend on, inputs and weights as tensors, the rest as nodes, each after its inputs. */
export function inOrder(results: readonly Tensor[]): (Tensor | Node)[] {
  const parts: (Tensor | Node)[] = []
  const seen = new Set<Tensor | Node>()
  // Depth first, with a stack in place of recursion, since networks are deep. A node is visited before and after its inputs.
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
