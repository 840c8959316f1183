// Writes protocol-buffer messages: the part of the format that ONNX models and TensorBoard's event files need.

const utf8 = new TextEncoder()

type Field = readonly [number: number, value: Value | readonly Value[] | undefined]
type Value = number | bigint | string | Uint8Array | Message | Float | Double

/** A nested message. */
export interface Message {
  readonly fields: readonly Field[]
}
/** A 32-bit float; plain numbers are written as varints. */
export interface Float {
  readonly float: number
}
/** A 64-bit float. */
export interface Double {
  readonly double: number
}

/**
 * A message type.
 *
 * @param numbers field numbers by name, ascending
 * @returns makes a message of values by name; undefined values are left out, arrays are repeated fields
 */
export const messageType =
  <Name extends string>(numbers: Readonly<Record<Name, number>>) =>
  (values: { readonly [name in Name]?: Field[1] }): Message => ({
    fields: (Object.keys(numbers) as Name[]).map((name) => [numbers[name], values[name]]),
  })

/** The bytes of a message. */
export function encode(root: Message): Uint8Array {
  const chunks: Uint8Array[] = []
  let length = 0
  const put = (bytes: Uint8Array): void => {
    chunks.push(bytes)
    length += bytes.length
  }
  for (const [number, values] of root.fields) {
    for (const value of Array.isArray(values) ? values : values === undefined ? [] : [values]) {
      if (typeof value === 'number' || typeof value === 'bigint') {
        put(varint((number << 3) | 0))
        put(varint(value))
      } else if (typeof value === 'object' && 'float' in value) {
        put(varint((number << 3) | 5))
        put(new Uint8Array(Float32Array.of(value.float).buffer))
      } else if (typeof value === 'object' && 'double' in value) {
        put(varint((number << 3) | 1))
        put(new Uint8Array(Float64Array.of(value.double).buffer))
      } else {
        const bytes =
          typeof value === 'string' ? utf8.encode(value) : value instanceof Uint8Array ? value : encode(value)
        put(varint((number << 3) | 2))
        put(varint(bytes.length))
        put(bytes)
      }
    }
  }
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}

/** Seven bits per byte, lowest first; a negative number as 64-bit two's complement. */
function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = []
  if (typeof value === 'number' && value >= 0 && value < 2 ** 31) {
    let rest = value
    for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
    bytes.push(rest)
  } else {
    let rest = BigInt.asUintN(64, BigInt(value))
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
    bytes.push(Number(rest))
  }
  return Uint8Array.from(bytes)
}
