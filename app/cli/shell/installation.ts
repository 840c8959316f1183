// Paths and versions of the two packages on this machine, the same from source and from dist.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const own = createRequire(import.meta.url)
const libraryPackage = own.resolve('typeclip/package.json')
const library = createRequire(libraryPackage)

/** A file of `@typeclip/cli`. */
export const cliFile = (...path: string[]): string => join(dirname(own.resolve('@typeclip/cli/package.json')), ...path)

/** A file of `typeclip`. */
export const libraryFile = (...path: string[]): string => join(dirname(libraryPackage), ...path)

export const version = (): string => own(libraryPackage).version

/** The library's own sharp, for drawing. */
export function sharp(): Sharp {
  const loaded = library('sharp')
  return loaded.default ?? loaded
}

/** The part of it that is used. */
type Sharp = (data: Uint8Array, options: object) => Drawing
interface Drawing {
  extend(options: object): Drawing
  composite(layers: readonly object[]): Drawing
  png(): Drawing
  toBuffer(): Promise<Buffer>
}

/** Versions of the native libraries; for one that cannot be loaded, the reason. */
export const nativeVersions = (): { onnxruntime: string; sharp: string } => ({
  onnxruntime: orReason(() => library('onnxruntime-node/package.json').version),
  sharp: orReason(() => library('sharp').versions.sharp),
})

function orReason(version: () => string): string {
  try {
    return version()
  } catch (error) {
    return `cannot be loaded: ${(error as Error).message.split('\n')[0]}`
  }
}
