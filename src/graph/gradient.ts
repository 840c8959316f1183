// Reverse-mode differentiation, graph to graph: one walk from a loss back to what is trained (Linnainmaa 1970).

import { operators } from './operators/index.ts'
import { inOrder } from './order.ts'
import { within } from './scope.ts'
import { type Shape, showShape } from './shape.ts'
import { constant, type Node, type Tensor, zerosLike } from './tensor.ts'

/**
 * The derivative of a loss by each of these tensors, in their shapes. They may be leaves or values within the graph;
 * one that the loss does not depend on has a derivative of zeros.
 *
 * @param loss a number, `[]`
 */
export function gradients(loss: Tensor, of: readonly Tensor[]): Tensor[] {
  const { nodes, wanted } = between(loss, of)
  const found = new Map<Tensor, Tensor>([[loss.is(), constant(Float32Array.of(1), [])]])

  for (const node of nodes.reverse()) {
    const { op, inputs, scope } = node
    const outputs = node.outputs.map((y) => found.get(y))
    if (outputs.every((g) => !g)) continue
    const rule = operators[op].gradient
    if (!rule) throw new Error(`${op} at ${scope || 'graph'}: the operator has no gradient rule, and a loss needs it`)
    within(scope, () => {
      for (const [i, g] of rule(node, outputs).entries()) {
        const x = inputs[i]!
        if (!g || !wanted.has(x)) continue
        const part = unbroadcast(g, x.shape)
        found.set(x, found.get(x)?.add(part) ?? part)
      }
    })
  }
  return of.map((x) => (found.get(x) ?? zerosLike(x)).is(...x.shape))
}

/** The nodes that lie between, each after those that it reads, and every tensor that depends on one of `of`. */
function between(loss: Tensor, of: readonly Tensor[]): { nodes: Node[]; wanted: Set<Tensor> } {
  const wanted = new Set(of)
  const nodes: Node[] = []
  for (const part of inOrder([loss])) {
    if (!('op' in part) || !part.inputs.some((x) => wanted.has(x))) continue
    nodes.push(part)
    for (const y of part.outputs) wanted.add(y)
  }
  return { nodes, wanted }
}

/** Sums over what broadcasting repeated, so that a gradient has the shape of what it is the gradient of. */
function unbroadcast(g: Tensor, shape: Shape): Tensor {
  const extra = g.shape.length - shape.length
  if (extra < 0) throw new Error(`a gradient of shape ${showShape(g.shape)} for ${showShape(shape)}`)
  const added = [...g.shape.keys()].slice(0, extra)
  if (added.length) g = g.sum(added, false)
  const stretched = [...shape.keys()].filter((i) => shape[i] === 1 && g.shape[i] !== 1)
  if (stretched.length) g = g.sum(stretched)
  return g.is(...shape)
}
