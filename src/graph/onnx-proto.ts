// The message types of an ONNX model (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto): only the fields that are written here.

import { messageType } from './protobuf.ts'

export const ModelProto = messageType({ irVersion: 1, producerName: 2, graph: 7, opsetImport: 8 })
export const OperatorSetIdProto = messageType({ domain: 1, version: 2 })
export const GraphProto = messageType({ node: 1, name: 2, initializer: 5, input: 11, output: 12 })
export const NodeProto = messageType({ input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7 })
export const AttributeProto = messageType({ name: 1, f: 2, i: 3, s: 4, ints: 8, type: 20 })
export const AttributeType = { float: 1, int: 2, string: 3, ints: 7 } as const
export const TensorProto = messageType({
  dims: 1,
  dataType: 2,
  name: 8,
  rawData: 9,
  externalData: 13,
  dataLocation: 14,
})
export const DataLocation = { external: 1 } as const
export const StringStringEntryProto = messageType({ key: 1, value: 2 })
export const ValueInfoProto = messageType({ name: 1, type: 2 })
export const TypeProto = messageType({ tensorType: 1 })
export const TensorTypeProto = messageType({ elemType: 1, shape: 2 })
export const TensorShapeProto = messageType({ dim: 1 })
export const DimensionProto = messageType({ dimValue: 1, dimParam: 2 })
