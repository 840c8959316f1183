// The compiled adamw.wat; `fixtures/make/kernel.sh` writes the two constants below.

/** SHA-256 of the adamw.wat that `compiled` was made from; a test compares it with the file. */
export const sourceHash = '3fd77faaf541ea211f07cc0eacbd2a17485f7a3a6306e0cadc8ecad5253f2b44'

const compiled =
  'AGFzbQEAAAABHQNgDn9/f39/fX19fX19fX19AGABewF7YAJ/fwF8AwUEAAECAQUDAQABBxwDBm1lbW9yeQIABWFkYW1XAAAHc3F1YXJlcwACCukCBMsBAgJ/A3sgBEECdCEPAkADQCAOIA9PDQEgBf0TIAEgDmr9AAQA/eYBIRAgBv0TIAIgDmr9AAQA/eYBIAf9EyAQ/eYB/eQBEAEhESAI/RMgAyAOav0ABAD95gEgCf0TIBD95gEgEP3mAf3kARABIRIgAiAOaiAR/QsEACADIA5qIBL9CwQAIAAgDmogCv0TIAAgDmr9AAQA/eYBIAv9EyAR/eYBIBL94wEgDP0T/eYBIA39E/3kAf3nAf3lAf0LBAAgDkEQaiEODAALCwsfACAAIAD94AH9DGBCog1gQqINYEKiDWBCog39Q/1PC3ACAX8DeyAAIAFBAnRqIQICQANAIAAgAk8NASAA/QAEACEDIAQgA/1fEAP98AEhBCAFIAMgA/0NCAkKCwwNDg8ICQoLDA0OD/1fEAP98AEhBSAAQRBqIQAMAAsLIAQgBf3wASEEIAT9IQAgBP0hAaALCQAgACAA/fIBCw=='

export interface AdamWKernel {
  memory: WebAssembly.Memory
  /** The first four are byte addresses; `rate` and `root` include the bias corrections. */
  adamW(
    values: number,
    gradients: number,
    m: number,
    v: number,
    count: number,
    scale: number,
    beta1: number,
    oneMinusBeta1: number,
    beta2: number,
    oneMinusBeta2: number,
    keep: number,
    rate: number,
    root: number,
    eps: number,
  ): void
  squares(x: number, count: number): number
}

/** A new instance, with at least `bytes` of memory. */
export function adamWKernel(bytes: number): AdamWKernel {
  const module = new WebAssembly.Module(Uint8Array.from(atob(compiled), (c) => c.charCodeAt(0)))
  const kernel = new WebAssembly.Instance(module).exports as unknown as AdamWKernel
  const missing = bytes - kernel.memory.buffer.byteLength
  if (missing > 0) kernel.memory.grow(Math.ceil(missing / 65536))
  return kernel
}
