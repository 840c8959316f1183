// The distributive law for LoRA (Hu et al. 2021, §4.1): a product with a weight plus a low-rank product is multiplied out,
//
//     x (W + B A)ᵀ = x Wᵀ + (x Aᵀ) Bᵀ
//
// so neither the sum nor a gradient of its size is ever computed; the gradients of A and B are low-rank products too.

import { inOrder } from './order.ts'
import { withScope } from './scope.ts'
import { applyAll, type Node, type Tensor } from './tensor.ts'

/** Rewrites a result wherever that is less work. Results that share parts must go through the same returned function. */
export function distribution(): (result: Tensor) => Tensor {
  const replacements = new Map<Tensor, Tensor>()
  const current = (x: Tensor): Tensor => replacements.get(x) ?? x

  return (result) => {
    for (const part of inOrder([result])) {
      if (!('op' in part) || part.outputs.some((y) => replacements.has(y))) continue
      const inputs = part.inputs.map(current)
      const outputs = withScope(part.scope, () => multipliedOut(part, inputs) ?? reapplied(part, inputs))
      for (const [i, y] of part.outputs.entries()) replacements.set(y, outputs[i]!)
    }
    return current(result)
  }
}

const reapplied = (node: Node, inputs: readonly Tensor[]): readonly Tensor[] =>
  inputs.every((x, i) => x === node.inputs[i]) ? node.outputs : applyAll(node.op, inputs, node.attributes)

function multipliedOut({ op, attributes }: Node, [x, w]: readonly Tensor[]): readonly Tensor[] | undefined {
  if (op !== 'FusedMatMul' || !attributes.transB) return undefined
  const [base, product] = producedBy(w!, 'Add')
  const [b, a] = product ? producedBy(product, 'MatMul') : []
  if (!base || !a || !b || !isLowRank(b, a)) return undefined
  return [x!.matmulTransposed(base).add(x!.matmulTransposed(a).matmulTransposed(b))]
}

const producedBy = ({ origin }: Tensor, op: Node['op']): readonly Tensor[] =>
  origin.kind === 'node' && origin.node.op === op ? origin.node.inputs : []

/** Whether `[m, r]` and `[r, k]` have fewer elements than their product, `[m, k]`. */
function isLowRank(b: Tensor, a: Tensor): boolean {
  const [m, r, k] = [...b.shape, a.shape[1]] as number[]
  return [a, b].every(({ shape }) => shape.length === 2) && r! * (m! + k!) < m! * k!
}
