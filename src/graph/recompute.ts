// Activation recomputation (Chen et al. 2016): a block's values are dropped after the forward pass and computed again in
// the backward pass, so that memory holds only the values between blocks, and the inside of one block.

import { withScope } from './scope.ts'
import { applyAll, type Node, type Tensor } from './tensor.ts'

/** An identifier of the block that a scope belongs to; undefined if its values are kept. */
export type BlockOf = (scope: string) => string | undefined

/**
 * @param nodes of the forward pass, in topological order
 * @returns maps a node and the gradients of its outputs to the node that a gradient rule should read: itself, or its copy
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

  /** Copies a block. The copy reads the block's inputs, sequenced after this gradient. */
  function recompute(block: readonly Node[], gradient: Tensor): void {
    const copied = new Map<Tensor, Tensor>()
    const copyOf = (x: Tensor): Tensor => {
      if (x.origin.kind !== 'node') return x
      const copy = copied.get(x) ?? x.sequencedAfter(gradient)
      copied.set(x, copy)
      return copy
    }
    for (const node of block) {
      const inputs = node.inputs.map(copyOf)
      const outputs = withScope(node.scope, () => applyAll(node.op, inputs, node.attributes))
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
