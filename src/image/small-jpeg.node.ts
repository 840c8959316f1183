// Small JPEGs by libjpeg-turbo in WebAssembly: the same bytes as sharp's, without what libvips spends on every picture,
// however small it is.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Header } from './containers/header.ts'
import type { Pixels } from './pixels.ts'

/** Above it libvips is faster: its libjpeg-turbo has SIMD instructions, this one has not. */
const mostPixels = 200 * 200

/** What is used of the codec, which comes without types. */
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
    return undefined // where WebAssembly is switched off, sharp does it all
  }
}

/** Undefined where the picture is not such a one, or anything at all is odd about it: sharp then says what it is. */
export async function decodeSmallJpeg(bytes: Uint8Array, header: Header): Promise<Pixels | undefined> {
  const { width, height, mode } = header
  const channels = { L: 1, RGB: 3 }[mode as string]
  if (channels === undefined || width * height > mostPixels) return undefined
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
    loading = undefined // what a failure leaves behind goes with it
    return undefined
  }
}
