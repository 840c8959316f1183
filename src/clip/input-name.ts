// An input in a few words, for messages and for `InputError.input`.

import { excerpt } from '../errors.ts'

/** `cat.jpg`, `https://…`, `1,024 bytes`, `64×64 pixels`, `"a photo of …"`: the caller's input, shortened. */
export function inputName(input: unknown): string {
  if (typeof input === 'string') return excerpt(input)
  if (input instanceof URL) return excerpt(input.href)
  if (ArrayBuffer.isView(input) || input instanceof ArrayBuffer) return `${input.byteLength} bytes`
  if (input instanceof Blob) return `${input.size} bytes`
  if (typeof input === 'object' && input !== null && 'width' in input && 'height' in input) {
    return `${input.width}×${input.height} pixels`
  }
  return foundInstead(input)
}

/** A value of the wrong kind, in words. */
export function foundInstead(value: unknown): string {
  if (value === null || value === undefined) return `${value}`
  if (typeof value !== 'object') {
    return typeof value === 'function' ? 'a function' : `${excerpt(String(value))} (a ${typeof value})`
  }
  if (isByteStream(value)) {
    return 'a stream of bytes; read it first: await buffer(stream), of node:stream/consumers'
  }
  if (value instanceof Promise) return 'a Promise; await it'
  if (Array.isArray(value)) return 'a list'
  return `an object of class ${value.constructor?.name ?? 'Object'}`
}

/** A stream of one file's bytes, whose chunks are not inputs: `createReadStream`, `response.body`. */
export function isByteStream(value: object): boolean {
  if ('readableObjectMode' in value) return value.readableObjectMode === false
  if (!('getReader' in value)) return false
  try {
    const stream = value as ReadableStream<Uint8Array>
    stream.getReader({ mode: 'byob' }).releaseLock() // only streams of bytes have this
    return true
  } catch {
    return false
  }
}
