// Reverse-mode differentiation, graph to graph: one walk from a loss back to the trained parameters (Linnainmaa 1970).

import { operators } from './operators/index.ts'
import { inOrder } from './order.ts'
import { type BlockOf, recomputation } from './recompute.ts'
import { withScope } from './scope.ts'
import { type Shape, sameShape, showShape } from './shape.ts'
import { constant, type Node, type Tensor, zerosLike } from './tensor.ts'

/**
 * The derivative of a loss by each of these tensors, in their shapes. They may be leaves or intermediate values; the
 * derivative by a tensor that the loss does not depend on is zeros.
 *
 * @param loss a scalar, `[]`
 * @param blockOf blocks whose values are recomputed in the backward pass, instead of being kept
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
  const { nodes, dependent } = between(loss, of)
  const recomputed = recomputation(nodes, blockOf)
  const derivatives = new Map<Tensor, Tensor>([[loss.is(), constant(Float32Array.of(1), [])]])

  for (const node of nodes.reverse()) {
    const { op, inputs, scope } = node
    if (node.outputs.every((y) => !derivatives.has(y))) continue
    const { gradient: rule, elementwise } = operators[op]
    const [shape] = node.outputs.map((y) => y.shape)
    const keepsShape = elementwise && inputs.every((x) => !dependent.has(x) || sameShape(x.shape, shape!))
    const derivativeBy = (y: Tensor) => {
      const g = derivatives.get(y)
      return g && !keepsShape ? broadcast(g, y) : g
    }
    if (!rule) throw new Error(`${op} at ${scope || 'graph'}: the operator has no gradient rule`)
    withScope(scope, () => {
      const upstream = node.outputs.map(derivativeBy)
      for (const [i, g] of rule(recomputed(node, upstream), upstream).entries()) {
        const x = inputs[i]!
        if (!g || !dependent.has(x)) continue
        const share = unbroadcast(g, x.shape)
        derivatives.set(x, derivatives.get(x)?.add(share) ?? share)
      }
    })
  }
  return of.map((x) => broadcast(derivatives.get(x) ?? zerosLike(x), x).is(...x.shape))
}

/** The gradient of a sum is one number for all summands; it is broadcast only if a rule needs that. */
const broadcast = (g: Tensor, like: Tensor): Tensor => (sameShape(g.shape, like.shape) ? g : g.expandLike(like))

/** The nodes between `of` and the loss in topological order, and every tensor that depends on one of `of`. */
function between(loss: Tensor, of: readonly Tensor[]): { nodes: Node[]; dependent: Set<Tensor> } {
  const dependent = new Set(of)
  const nodes: Node[] = []
  for (const part of inOrder([loss])) {
    if (!('op' in part) || !part.inputs.some((x) => dependent.has(x))) continue
    nodes.push(part)
    for (const y of part.outputs) dependent.add(y)
  }
  return { nodes, dependent }
}

/** Sums over the axes that broadcasting repeated, so that a gradient has the shape of its tensor. */
function unbroadcast(g: Tensor, shape: Shape): Tensor {
  const extra = g.shape.length - shape.length
  if (extra < 0) throw new Error(`a gradient of shape ${showShape(g.shape)} for ${showShape(shape)}`)
  const added = [...g.shape.keys()].slice(0, extra)
  if (added.length) g = g.sum(added, false)
  const stretched = [...shape.keys()].filter((i) => shape[i] === 1 && g.shape[i] !== 1)
  if (stretched.length) g = g.sum(stretched)
  return g
}
