// Element types: their names (NumPy's), their sizes, and ONNX's numbers for them.

const table = {
  float32: { bytes: 4, onnx: 1 },
  uint8: { bytes: 1, onnx: 2 },
  int8: { bytes: 1, onnx: 3 },
  uint16: { bytes: 2, onnx: 4 },
  int16: { bytes: 2, onnx: 5 },
  int32: { bytes: 4, onnx: 6 },
  int64: { bytes: 8, onnx: 7 },
  bool: { bytes: 1, onnx: 9 },
  float16: { bytes: 2, onnx: 10 },
  float64: { bytes: 8, onnx: 11 },
  uint32: { bytes: 4, onnx: 12 },
  uint64: { bytes: 8, onnx: 13 },
  bfloat16: { bytes: 2, onnx: 16 },
  float8_e4m3fn: { bytes: 1, onnx: 17 },
  float8_e5m2: { bytes: 1, onnx: 19 },
} as const

/** Element type of a tensor: `float32`, `float16`, `int64`, `bool` and so on. */
export type DType = keyof typeof table

/** Bytes of one element. */
export const dtypeBytes = (dtype: DType): number => table[dtype].bytes

/** The type's number in ONNX's `TensorProto.DataType`. */
export const onnxType = (dtype: DType): number => table[dtype].onnx

/** Whether a type is floating-point, of any width. */
export const isFloat = (dtype: DType): boolean => dtype.includes('float')
