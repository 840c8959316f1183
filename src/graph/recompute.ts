// Activation recomputation (Chen et al. 2016): a block's values are forgotten after the forward pass and computed once more
// when its gradients are, so that memory holds what lies between blocks, and the inside of one.

import { within } from './scope.ts'
import { applyAll, type Node, type Tensor } from './tensor.ts'

/** The block that a node of this scope belongs to, by any name; undefined for what is kept. */
export type BlockOf = (scope: string) => string | undefined

/**
 * @param nodes of the forward pass, each after those that it reads
 * @returns for a node and the gradients of its outputs, the node as a gradient's rule is to read it
 */
export function recomputation(
  nodes: readonly Node[],
  blockOf?: BlockOf,
): (node: Node, upstream: readonly (Tensor | undefined)[]) => Node {
  if (!blockOf) return (node) => node
  const blocks = new Map<string, Node[]>()
  for (const node of nodes) {
    const block = blockOf(node.scope)
    if (block !== undefined) blocks.set(block, [...(blocks.get(block) ?? []), node])
  }
  const copies = new Map<Node, Node>()

  /** The block once more, out of what comes into it, which waits until this gradient is there. */
  function recompute(block: readonly Node[], gradient: Tensor): void {
    const copied = new Map<Tensor, Tensor>()
    const copy = (x: Tensor): Tensor => {
      if (x.origin.kind !== 'node') return x
      const known = copied.get(x) ?? x.after(gradient)
      copied.set(x, known)
      return known
    }
    for (const node of block) {
      const inputs = node.inputs.map(copy)
      const outputs = within(node.scope, () => applyAll(node.op, inputs, node.attributes))
      for (const [i, y] of node.outputs.entries()) copied.set(y, outputs[i]!)
      copies.set(node, { ...node, inputs, outputs })
    }
  }

  return (node, upstream) => {
    const block = blockOf(node.scope)
    if (block === undefined) return node
    if (!copies.has(node)) recompute(blocks.get(block)!, upstream.find((g) => g !== undefined)!)
    return copies.get(node) ?? node
  }
}
