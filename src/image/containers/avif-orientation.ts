// The rotation and mirroring that an AVIF file asks for, to undo it: sharp always applies it, the reference never.

export interface Turn {
  /** Quarter turns, counter-clockwise. */
  quarters: number
  /** Then mirrored: top to bottom, or left to right. */
  mirror?: 'vertical' | 'horizontal'
}

/** Reads the `irot` and `imir` boxes, wherever they are in the file's metadata (before its data). */
export function avifTurn(bytes: Uint8Array): Turn {
  const axis = boxByte(bytes, 'imir')
  const quarters = (boxByte(bytes, 'irot') ?? 0) & 3
  return axis === undefined ? { quarters } : { quarters, mirror: axis & 1 ? 'horizontal' : 'vertical' }
}

/** The one byte of a box of this type. */
function boxByte(bytes: Uint8Array, type: string): number | undefined {
  const box = [0, 0, 0, 9, ...type].map((b) => (typeof b === 'string' ? b.charCodeAt(0) : b))
  const end = Math.min(bytes.length - 9, 65536)
  for (let at = 0; at < end; at++) if (box.every((b, i) => bytes[at + i] === b)) return bytes[at + 8]
  return undefined
}
