// A graph as readable text: one line per node, under a heading for each part of the model.

import { inOrder } from './order.ts'
import { showShape } from './shape.ts'
import type { Attribute, Node, Tensor } from './tensor.ts'

/** Constants of up to this many elements are printed in full. */
const maxPrinted = 8

/**
 * `%12 = MatMul(%10, visual.proj [768, 512]) → float32 [batch, 512]`: `%n` is a node's output, anything else an input of
 * the graph or a weight with its shape. Nodes are in topological order.
 */
export function printGraph(graph: Readonly<Record<string, Tensor>>): string {
  const names = new Map<Tensor, string>()
  const inputs: string[] = []
  const lines: string[] = []
  let scope: string | undefined
  let count = 0

  function write(node: Node): void {
    for (const output of node.outputs) names.set(output, `%${count++}`)
    if (node.scope !== scope) lines.push('', `# ${node.scope || 'top level'}`)
    scope = node.scope
    const outputs = node.outputs.map((output) => names.get(output)).join(', ')
    const from = node.inputs.map((tensor) => names.get(tensor)).join(', ')
    const attributes = Object.entries(node.attributes).map(([name, value]) => ` ${name}=${showAttribute(value)}`)
    lines.push(`${outputs} = ${node.op}(${from})${attributes.join('')} → ${showTypes(node.outputs)}`)
  }

  function nameLeaf(tensor: Tensor): void {
    const { origin } = tensor
    if (origin.kind === 'input') {
      names.set(tensor, origin.name)
      inputs.push(`${origin.name}: ${tensor}`)
    } else if (origin.kind === 'weight') {
      names.set(tensor, origin.name ? `${origin.name} ${showShape(tensor.shape)}` : showConstant(tensor))
    }
  }

  for (const part of inOrder(Object.values(graph))) {
    if (!('op' in part)) nameLeaf(part)
    else if (part.op === 'Cast' && part.inputs[0]!.origin.kind === 'weight') {
      // Not printed: the cast of each half-precision weight, which would hide the rest.
      names.set(part.outputs[0]!, `${names.get(part.inputs[0]!)} ${part.inputs[0]!.dtype}`)
    } else write(part)
  }
  const results = Object.entries(graph).map(([name, tensor]) => `${name} = ${names.get(tensor)}`)
  return [...inputs, ...lines, '', ...results].join('\n')
}

const showAttribute = (value: Attribute): string => (typeof value === 'object' ? `[${value.join(', ')}]` : `${value}`)

function showTypes(outputs: readonly Tensor[]): string {
  const types = outputs.map(String)
  return types.length > 1 && new Set(types).size === 1 ? `${types.length} × ${types[0]}` : types.join(', ')
}

/** A scalar, a short list, or only the shape. */
function showConstant({ dtype, shape, origin }: Tensor): string {
  const elements = shape.reduce<number>((product, dim) => product * Number(dim), 1)
  if (origin.kind !== 'weight' || !('bytes' in origin.data) || elements > maxPrinted) {
    return `constant ${showShape(shape)}`
  }
  const { buffer, byteOffset } = origin.data.bytes
  const bytes = new DataView(buffer, byteOffset)
  const read = {
    float32: (i: number) => Number(bytes.getFloat32(4 * i, true).toPrecision(7)),
    int32: (i: number) => bytes.getInt32(4 * i, true),
    int64: (i: number) => bytes.getBigInt64(8 * i, true),
  }[dtype as string]
  if (!read) return `constant ${showShape(shape)}`
  const values = Array.from({ length: elements }, (_, i) => String(read(i)))
  return shape.length === 0 ? values.join() : `[${values.join(', ')}]`
}
