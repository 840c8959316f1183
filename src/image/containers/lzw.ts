// GIF's LZW compression: codes of up to 12 bits, each for a run of bytes seen before.

/** Codes have at most 12 bits. */
const maxCodes = 4096

/**
 * Decompresses `length` bytes. The data at `at` is one byte of code size, then blocks.
 *
 * @throws RangeError if the data ends early or has an undefined code
 */
export function lzw(bytes: Uint8Array, at: number, length: number): Uint8Array {
  const codeSize = bytes[at] ?? 0
  if (codeSize < 1 || codeSize > 11) throw new RangeError(`code size ${codeSize}`)
  const clear = 1 << codeSize
  const next = codeReader(bytes, at + 1)
  // A code's bytes: the last one, and the code for those before it.
  const last = Uint8Array.from({ length: maxCodes }, (_, code) => code)
  const before = new Uint16Array(maxCodes)
  const run = new Uint8Array(maxCodes + 1)
  const out = new Uint8Array(length)
  let bits = codeSize + 1
  let free = clear + 2
  let previous = -1
  for (let o = 0; o < length; ) {
    const code = next(bits)
    if (code === undefined || code === clear + 1) throw new RangeError(`its data ends after ${o} of ${length} pixels`)
    if (code === clear) {
      bits = codeSize + 1
      free = clear + 2
      previous = -1
      continue
    }
    if (previous < 0 ? code > clear : code > free) throw new RangeError(`code ${code} is not defined`)

    // Write the run backwards from its last byte. A code that is defined only now is the previous run plus its own first byte.
    let depth = 0
    if (code === free) depth++
    let link = code === free ? previous : code
    for (; link >= clear; link = before[link]!) run[depth++] = last[link]!
    run[depth++] = link
    if (code === free) run[0] = link
    while (depth > 0 && o < length) out[o++] = run[--depth]!

    if (previous >= 0 && free < maxCodes) {
      before[free] = previous
      last[free] = link
      free++
      if (free === 1 << bits && bits < 12) bits++
    }
    previous = code
  }
  return out
}

/** Reads codes of a given number of bits, lowest bit first, from blocks of up to 255 bytes; undefined at the end. */
function codeReader(bytes: Uint8Array, at: number): (bits: number) => number | undefined {
  let left = 0 // bytes of the current block
  let buffer = 0
  let held = 0
  return (bits) => {
    for (; held < bits; held += 8) {
      if (left === 0) left = bytes[at++] ?? 0
      if (left === 0 || at >= bytes.length) return undefined
      buffer |= bytes[at++]! << held
      left--
    }
    const code = buffer & ((1 << bits) - 1)
    buffer >>>= bits
    held -= bits
    return code
  }
}
