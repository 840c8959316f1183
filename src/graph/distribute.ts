// Products with a weight that has a thin product beside it (LoRA, Hu et al. 2021, §4.1), multiplied out:
//
//     x (W + B A)ᵀ = x Wᵀ + (x Aᵀ) Bᵀ
//
// The sum is never there, and no gradient of its size: those of A and B come of thin products too.

import { inOrder } from './order.ts'
import { within } from './scope.ts'
import { applyAll, type Node, type Tensor } from './tensor.ts'

/** Multiplies out wherever that is less work. Of several results that share parts, give one function all of them. */
export function distribution(): (result: Tensor) => Tensor {
  const instead = new Map<Tensor, Tensor>()
  const now = (x: Tensor): Tensor => instead.get(x) ?? x

  return (result) => {
    for (const part of inOrder([result])) {
      if (!('op' in part) || part.outputs.some((y) => instead.has(y))) continue
      const inputs = part.inputs.map(now)
      const outputs = within(part.scope, () => multipliedOut(part, inputs) ?? again(part, inputs))
      for (const [i, y] of part.outputs.entries()) instead.set(y, outputs[i]!)
    }
    return now(result)
  }
}

const again = (node: Node, inputs: readonly Tensor[]): readonly Tensor[] =>
  inputs.every((x, i) => x === node.inputs[i]) ? node.outputs : applyAll(node.op, inputs, node.attributes)

function multipliedOut({ op, attributes }: Node, [x, w]: readonly Tensor[]): readonly Tensor[] | undefined {
  if (op !== 'FusedMatMul' || !attributes.transB) return undefined
  const [base, product] = producedBy(w!, 'Add')
  const [b, a] = product ? producedBy(product, 'MatMul') : []
  if (!base || !a || !b || !isThin(b, a)) return undefined
  return [x!.matmulTransposed(base).add(x!.matmulTransposed(a).matmulTransposed(b))]
}

const producedBy = ({ origin }: Tensor, op: Node['op']): readonly Tensor[] =>
  origin.kind === 'node' && origin.node.op === op ? origin.node.inputs : []

/** `[m, r] × [r, k]`, of fewer numbers than `[m, k]`. */
function isThin(b: Tensor, a: Tensor): boolean {
  const [m, r, k] = [...b.shape, a.shape[1]] as number[]
  return [a, b].every(({ shape }) => shape.length === 2) && r! * (m! + k!) < m! * k!
}
