// The compiled resample.wat, ready to call; `fixtures/make/kernel.sh` writes the two constants below.

/** SHA-256 of the resample.wat that `compiled` was made from; a test compares it with the file. */
export const sourceHash = 'cda817274d01a84f221dc084b51b672128750077ae9907776756635e1076a8a4'

const compiled =
  'AGFzbQEAAAABHARgBn9/f39/fwBgBH9/f38AYAN/f38AYAF7AXsDBQQAAQIDBQMBAAEHHwQGbWVtb3J5AgADcm93AAADYWRkAAEGZmluaXNoAAIKtAMEgAICAn8HeyAF/QAEACEIIAX9AAQQIQkCQANAIANFDQEgACgCACEGIAAoAgQhB/0MAAAAAAAAAAAAAAAAAAAAACEN/QwAACAAAAAgAAAAIAAAACAAIQ4CQANAIAdFDQEgBv0ABAAhCiAKIAj9DiELIAogCf0OIQwgDSALIAH9CQIA/boBIAwgAf0JAgT9ugH9rgH9rgEhDSAOIAsgAf0JAgj9ugEgDCAB/QkCDP26Af2uAf2uASEOIAFBEGohASAGIARBAnRqIQYgB0EBayEHDAALCyACIA1BDv2rASAO/a4BEAP9WgIAACACIARqIQIgAEEIaiEAIANBAWshAwwACwsLTAEBeyAD/REhBAJAA0AgAkUNASABIAH9AAQAIAQgAP1cAgD9iQH9qQH9tQH9rgH9CwQAIABBBGohACABQRBqIQEgAkEEayECDAALCwtIAAJAA0AgAkUNASABIAD9AAQA/QwAACAAAAAgAAAAIAAAACAA/a4BEAP9WgIAACAAQRBqIQAgAUEEaiEBIAJBBGshAgwACwsLGgAgAEEW/awBIQAgACAA/YUBIQAgACAA/WYL'

export interface Kernel {
  memory: WebAssembly.Memory
  row(bounds: number, taps: number, out: number, count: number, channels: number, pairs: number): void
  add(bytes: number, sums: number, count: number, coefficient: number): void
  finish(sums: number, out: number, count: number): void
}

/** Memory that a thread keeps between images; larger memory is freed after use. */
const keptBytes = 64 << 20
const page = 65536

let module: WebAssembly.Module | undefined
let kernel: Kernel | undefined

/** Lends the thread's kernel, with at least `bytes` of memory, to `use`. */
export function withKernel<Result>(bytes: number, use: (kernel: Kernel) => Result): Result {
  module ??= new WebAssembly.Module(Uint8Array.from(atob(compiled), (c) => c.charCodeAt(0)))
  kernel ??= new WebAssembly.Instance(module).exports as unknown as Kernel
  const missing = bytes - kernel.memory.buffer.byteLength
  if (missing > 0) kernel.memory.grow(Math.ceil(missing / page))
  try {
    return use(kernel)
  } finally {
    if (kernel.memory.buffer.byteLength > keptBytes) kernel = undefined
  }
}
