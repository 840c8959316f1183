// A graph as an ONNX model (https://onnx.ai/onnx/repo-docs/IR.html): nodes in topological order, weights as references
// into the user's files.

import { onnxType } from './dtype.ts'
import {
  AttributeProto,
  AttributeType,
  DataLocation,
  DimensionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  OperatorSetIdProto,
  StringStringEntryProto,
  TensorProto,
  TensorShapeProto,
  TensorTypeProto,
  TypeProto,
  ValueInfoProto,
} from './onnx-proto.ts'
import { operators } from './operators/index.ts'
import type { OnnxInput } from './operators/operator.ts'
import { inOrder } from './order.ts'
import { encode, type Message } from './protobuf.ts'
import type { Shape } from './shape.ts'
import { type Attribute, type Data, type Node, Tensor } from './tensor.ts'

/** Named results; everything that they depend on belongs to the graph. */
export type Graph = Readonly<Record<string, Tensor>>

/** A graph as an ONNX model file. */
export interface OnnxModel {
  bytes: Uint8Array
  inputs: Map<string, Tensor>
  /** Files that hold the model's weights, as given. */
  files: Set<string>
}

const irVersion = 10
const opset = 20
const floatAttributes = new Set(['epsilon', 'alpha', 'beta', 'momentum'])

/** @param locate the name of a weight file inside the model, relative to the session's folder */
export function toOnnx(graph: Graph, locate: (file: string) => string): OnnxModel {
  const inputs = new Map<string, Tensor>()
  const files = new Set<string>()
  const initializers: Message[] = []
  const nodes: Message[] = []
  const names = new Map<Tensor, string>()
  const constants = new Map<string, string>()
  let count = 0

  const fresh = (hint: string): string => `${hint}#${count++}`

  function initializer(name: string, dataType: number, dims: Shape, data: Data): string {
    const proto = { dims: dims as number[], dataType, name }
    if ('bytes' in data) initializers.push(TensorProto({ ...proto, rawData: data.bytes }))
    else {
      files.add(data.file)
      const entries = { location: locate(data.file), offset: `${data.offset}`, length: `${data.length}` }
      const externalData = Object.entries(entries).map(([key, value]) => StringStringEntryProto({ key, value }))
      initializers.push(TensorProto({ ...proto, externalData, dataLocation: DataLocation.external }))
    }
    return name
  }

  /** A list of numbers; equal lists are written once. */
  function list(dtype: 'int64' | 'float32', values: readonly number[]): string {
    const key = `${dtype} ${values.join()}`
    const written = constants.get(key)
    if (written) return written
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
    // Add 0 × Size(after): the same shape, but ordered after `after`.
    const zero = emit('Mul', [emit('Size', [names.get(value.after)!]), list('int64', [0])])
    return emit('Add', [shapeOf(value.shapeOf), zero])
  }

  /** A helper node that the graph itself does not have. */
  function emit(opType: string, input: string[]): string {
    const output = fresh(opType)
    nodes.push(NodeProto({ input, output, opType }))
    return output
  }

  function write(node: Node): void {
    const { onnx, domain, name: opType = node.op } = operators[node.op]
    const { inputs, attributes } = onnx?.(node) ?? node
    const input = inputs.map(inputName)
    for (const output of node.outputs) names.set(output, fresh(node.scope || node.op))
    const output = node.outputs.map((output) => names.get(output)!)
    const name = fresh(`${node.scope}/${node.op}`)
    const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value))
    nodes.push(NodeProto({ input, output, name, opType, attribute, domain }))
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
  const output = Object.entries(graph).map(([name, tensor]) => {
    nodes.push(NodeProto({ input: names.get(tensor)!, output: name, opType: 'Identity' }))
    return valueInfo(name, tensor)
  })
  const input = [...inputs].map(([name, tensor]) => valueInfo(name, tensor))
  const model = ModelProto({
    irVersion,
    producerName: 'typeclip',
    graph: GraphProto({ node: nodes, name: 'typeclip', initializer: initializers, input, output }),
    opsetImport: [
      OperatorSetIdProto({ domain: '', version: opset }),
      OperatorSetIdProto({ domain: 'com.microsoft', version: 1 }),
    ],
  })
  return { bytes: encode(model), inputs, files }
}

function attributeProto(name: string, value: Attribute): Message {
  if (typeof value === 'string') return AttributeProto({ name, s: value, type: AttributeType.string })
  if (typeof value !== 'number') {
    return AttributeProto({ name, ints: value as readonly number[], type: AttributeType.ints })
  }
  return floatAttributes.has(name)
    ? AttributeProto({ name, f: { float: value }, type: AttributeType.float })
    : AttributeProto({ name, i: value, type: AttributeType.int })
}

function valueInfo(name: string, { dtype, shape }: Tensor): Message {
  const dim = shape.map((dim) => DimensionProto(typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim }))
  const tensorType = TensorTypeProto({ elemType: onnxType(dtype), shape: TensorShapeProto({ dim }) })
  return ValueInfoProto({ name, type: TypeProto({ tensorType }) })
}
