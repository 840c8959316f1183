// Small JPEGs through libjpeg-turbo in WebAssembly: the same bytes as sharp, without libvips' fixed cost per image.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Header } from './containers/header.ts'
import type { Pixels } from './pixels.ts'

/** Above this size libvips is faster: its libjpeg-turbo uses SIMD, this one does not. */
const maxPixels = 200 * 200

/** The functions of the codec that we use; it comes without types. */
interface Codec {
  JPEGDecoder: new () => {
    getEncodedBuffer(size: number): Uint8Array
    decode(): void
    getFrameInfo(): { width: number; height: number; componentCount: number }
    getDecodedBuffer(): Uint8ClampedArray
  }
}
type Decoder = InstanceType<Codec['JPEGDecoder']>

type Create = (options: {
  instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): object
  print(): void
  printErr(): void
}) => Promise<Codec>

const codec = '@cornerstonejs/codec-libjpeg-turbo-8bit'
let compiling: Promise<WebAssembly.Module> | undefined
let loading: Promise<Decoder | undefined> | undefined

async function load(): Promise<Decoder | undefined> {
  try {
    const require = createRequire(import.meta.url)
    const create = require(`${codec}/decodewasmjs`) as Create
    compiling ??= WebAssembly.compile(readFileSync(require.resolve(`${codec}/decodewasm`)))
    const module = await compiling
    const instantiateWasm: Parameters<Create>[0]['instantiateWasm'] = (imports, done) => {
      done(new WebAssembly.Instance(module, imports))
      return {}
    }
    const { JPEGDecoder } = await create({ instantiateWasm, print() {}, printErr() {} })
    return new JPEGDecoder()
  } catch {
    return undefined // WebAssembly is switched off: sharp decodes instead
  }
}

/** Undefined for anything but a plain small JPEG: sharp then decodes it, or reports what is wrong. */
export async function decodeSmallJpeg(bytes: Uint8Array, header: Header): Promise<Pixels | undefined> {
  const { width, height, mode } = header
  const channels = { L: 1, RGB: 3 }[mode as string]
  if (channels === undefined || width * height > maxPixels) return undefined
  loading ??= load()
  const decoder = await loading
  if (!decoder) return undefined
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes)
    decoder.decode()
    const frame = decoder.getFrameInfo()
    const data = new Uint8Array(decoder.getDecodedBuffer())
    const asSaid = frame.width === width && frame.height === height && frame.componentCount === channels
    return asSaid && data.length === width * height * channels ? { ...header, data } : undefined
  } catch {
    loading = undefined // discard the decoder's state after a failure
    return undefined
  }
}
