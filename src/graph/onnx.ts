// A graph as an ONNX model (https://onnx.ai/onnx/repo-docs/IR.html): nodes in order, weights as references into the
// user's own files.

import { onnxType } from './dtype.ts'
import { operators } from './operators/index.ts'
import type { OnnxInput } from './operators/operator.ts'
import { inOrder } from './order.ts'
import { encode, type Message, message } from './protobuf.ts'
import type { Shape } from './shape.ts'
import { type Attribute, type Data, type Node, Tensor } from './tensor.ts'

/** Named results; what they need is found by walking back from them. */
export type Graph = Readonly<Record<string, Tensor>>

/** A graph as an ONNX model file. */
export interface OnnxModel {
  bytes: Uint8Array
  inputs: Map<string, Tensor>
  /** Files that the model's weights lie in, as given. */
  files: Set<string>
}

const irVersion = 10
const opset = 20
const external = 1
const floatAttributes = new Set(['epsilon', 'alpha', 'beta', 'momentum'])

/**
 * @param locate the name of a weight file as the model is to hold it, relative to the folder of the session
 */
export function toOnnx(graph: Graph, locate: (file: string) => string): OnnxModel {
  const inputs = new Map<string, Tensor>()
  const files = new Set<string>()
  const initializers: Message[] = []
  const nodes: Message[] = []
  const names = new Map<Tensor, string>()
  const constants = new Map<string, string>()
  let count = 0

  const fresh = (hint: string): string => `${hint}#${count++}`

  function initializer(name: string, dtype: number, shape: Shape, data: Data): string {
    const stored =
      'bytes' in data
        ? ([[9, data.bytes]] as const)
        : ([
            [
              13,
              [
                entry('location', locate(data.file)),
                entry('offset', `${data.offset}`),
                entry('length', `${data.length}`),
              ],
            ],
            [14, external],
          ] as const)
    if ('file' in data) files.add(data.file)
    initializers.push(message([1, shape as number[]], [2, dtype], [8, name], ...stored))
    return name
  }

  /** A list of numbers, written once however often it is read. */
  function list(dtype: 'int64' | 'float32', values: readonly number[]): string {
    const key = `${dtype} ${values.join()}`
    const known = constants.get(key)
    if (known) return known
    const { buffer } = dtype === 'int64' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values)
    const name = initializer(fresh(dtype), onnxType(dtype), [values.length], { bytes: new Uint8Array(buffer) })
    constants.set(key, name)
    return name
  }

  function inputName(value: OnnxInput): string {
    if (value === undefined) return ''
    if (value instanceof Tensor) return names.get(value)!
    if ('floats' in value) return list('float32', value.floats)
    if (!('shapeOf' in value)) return list('int64', value)
    const shapeOf = (tensor: Tensor): string => emit('Shape', [names.get(tensor)!])
    if (!value.after) return shapeOf(value.shapeOf)
    // With nothing, of the other's size, added: the same shape, but not before the other is there.
    const nothing = emit('Mul', [emit('Size', [names.get(value.after)!]), list('int64', [0])])
    return emit('Add', [shapeOf(value.shapeOf), nothing])
  }

  /** A node beside the graph's own. */
  function emit(op: string, from: string[], attributes: Record<string, Attribute> = {}): string {
    const name = fresh(op)
    const more = Object.entries(attributes).map(([key, value]) => attribute(key, value))
    nodes.push(message([1, from], [2, name], [4, op], [5, more]))
    return name
  }

  function write(node: Node): void {
    const { onnx, domain, name = node.op } = operators[node.op]
    const { inputs, attributes } = onnx?.(node) ?? node
    const from = inputs.map(inputName)
    for (const output of node.outputs) names.set(output, fresh(node.scope || node.op))
    nodes.push(
      message(
        [1, from],
        [2, node.outputs.map((output) => names.get(output)!)],
        [3, fresh(`${node.scope}/${node.op}`)],
        [4, name],
        [5, Object.entries(attributes).map(([key, value]) => attribute(key, value))],
        [7, domain],
      ),
    )
  }

  function writeLeaf(tensor: Tensor): void {
    const { origin } = tensor
    if (origin.kind === 'input') {
      names.set(tensor, origin.name)
      inputs.set(origin.name, tensor)
    } else if (origin.kind === 'weight') {
      const name = origin.name && !constants.has(origin.name) ? origin.name : fresh(origin.name || 'constant')
      constants.set(name, name)
      names.set(tensor, initializer(name, onnxType(tensor.dtype), tensor.shape, origin.data))
    }
  }

  for (const part of inOrder(Object.values(graph))) {
    if ('op' in part) write(part)
    else writeLeaf(part)
  }
  const outputs = Object.entries(graph).map(([name, tensor]) => {
    nodes.push(message([1, names.get(tensor)!], [2, name], [4, 'Identity']))
    return valueInfo(name, tensor)
  })
  const body = message(
    [1, nodes],
    [2, 'typeclip'],
    [5, initializers],
    [11, [...inputs].map(([name, tensor]) => valueInfo(name, tensor))],
    [12, outputs],
  )
  const bytes = encode(
    message(
      [1, irVersion],
      [2, 'typeclip'],
      [7, body],
      [8, [message([1, ''], [2, opset]), message([1, 'com.microsoft'], [2, 1])]],
    ),
  )
  return { bytes, inputs, files }
}

const entry = (key: string, value: string): Message => message([1, key], [2, value])

function attribute(name: string, value: Attribute): Message {
  if (typeof value === 'string') return message([1, name], [4, value], [20, 3])
  if (typeof value !== 'number') return message([1, name], [8, value as readonly number[]], [20, 7])
  return floatAttributes.has(name)
    ? message([1, name], [2, { float: value }], [20, 1])
    : message([1, name], [3, value], [20, 2])
}

function valueInfo(name: string, { dtype, shape }: Tensor): Message {
  const dims = shape.map((dim) => (typeof dim === 'number' ? message([1, dim]) : message([2, dim])))
  return message([1, name], [2, message([1, message([1, onnxType(dtype)], [2, message([1, dims])])])])
}
