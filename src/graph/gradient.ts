// Reverse-mode differentiation, graph to graph: one walk from a loss back to what is trained (Linnainmaa 1970).

import { operators } from './operators/index.ts'
import { inOrder } from './order.ts'
import { type BlockOf, recomputation } from './recompute.ts'
import { within } from './scope.ts'
import { type Shape, sameShape, showShape } from './shape.ts'
import { constant, type Node, type Tensor, zerosLike } from './tensor.ts'

/**
 * The derivative of a loss by each of some tensors, as a graph: reverse-mode differentiation. The tensors may be inputs,
 * weights or values within the graph; the derivative by one that the loss does not depend on is zero.
 *
 * @param loss a scalar, `[]`
 * @param of the tensors; each derivative has its tensor's shape
 * @param blockOf blocks to recompute in the backward pass, in place of keeping their values in memory
 * @throws ShapeError for a loss that is not a scalar
 *
 * @example
 * ```ts
 * import { gradients, input } from 'typeclip/graph'
 *
 * const x = input('x', 'float32', ['n', 3])
 * const w = input('w', 'float32', [3, 1])
 * const loss = x.matmul(w).softplus().sum([0, 1], false)
 * const [dw] = gradients(loss, [w]) // float32 [3, 1]
 * ```
 */
export function gradients(loss: Tensor, of: readonly Tensor[], blockOf?: BlockOf): Tensor[] {
  const { nodes, wanted } = between(loss, of)
  const again = recomputation(nodes, blockOf)
  const found = new Map<Tensor, Tensor>([[loss.is(), constant(Float32Array.of(1), [])]])

  for (const node of nodes.reverse()) {
    const { op, inputs, scope } = node
    if (node.outputs.every((y) => !found.has(y))) continue
    const { gradient: rule, elementwise } = operators[op]
    const [shape] = node.outputs.map((y) => y.shape)
    const asItIs = elementwise && inputs.every((x) => !wanted.has(x) || sameShape(x.shape, shape!))
    const whole = (y: Tensor) => {
      const g = found.get(y)
      return g && !asItIs ? broadcast(g, y) : g
    }
    if (!rule) throw new Error(`${op} at ${scope || 'graph'}: the operator has no gradient rule, and a loss needs it`)
    within(scope, () => {
      const upstream = node.outputs.map(whole)
      for (const [i, g] of rule(again(node, upstream), upstream).entries()) {
        const x = inputs[i]!
        if (!g || !wanted.has(x)) continue
        const part = unbroadcast(g, x.shape)
        found.set(x, found.get(x)?.add(part) ?? part)
      }
    })
  }
  return of.map((x) => broadcast(found.get(x) ?? zerosLike(x), x).is(...x.shape))
}

/** A sum's gradient is one number for all that it was summed over; it is written out only where a rule needs that. */
const broadcast = (g: Tensor, like: Tensor): Tensor => (sameShape(g.shape, like.shape) ? g : g.expandLike(like))

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

/** Sums over what broadcasting repeated, so that a gradient is no larger than what it is the gradient of. */
function unbroadcast(g: Tensor, shape: Shape): Tensor {
  const extra = g.shape.length - shape.length
  if (extra < 0) throw new Error(`a gradient of shape ${showShape(g.shape)} for ${showShape(shape)}`)
  const added = [...g.shape.keys()].slice(0, extra)
  if (added.length) g = g.sum(added, false)
  const stretched = [...shape.keys()].filter((i) => shape[i] === 1 && g.shape[i] !== 1)
  if (stretched.length) g = g.sum(stretched)
  return g
}
