// One input, several, or a stream of them.

import { isByteStream } from './input-name.ts'

/** One input, several, or a stream of them. */
export type Many<T> = T | Iterable<T> | AsyncIterable<T>

/** Each input. A string, bytes, or a stream of bytes is one input, although JavaScript could iterate over it. */
export async function* iterate<T>(many: Many<T>): AsyncGenerator<T, undefined> {
  if (isList(many)) yield* many as AsyncIterable<T>
  else yield many as T
  return undefined
}

function isList(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Symbol.asyncIterator in value) return !isByteStream(value)
  return Symbol.iterator in value && !ArrayBuffer.isView(value)
}
