// A map of a few places drawn at a picture's size: bilinear, as PyTorch's `interpolate` does it without aligned corners.

/** `[rows, columns]` at any size: each value stands for the middle of its place, and beyond the outer ones is no change. */
export function bilinear(
  map: Float32Array,
  [rows, columns]: readonly [rows: number, columns: number],
  [height, width]: readonly [height: number, width: number],
): Float32Array {
  const across = neighbours(columns, width)
  const down = neighbours(rows, height)
  const drawn = new Float32Array(height * width)
  for (const [y, { low: top, high: bottom, part: below }] of down.entries()) {
    for (const [x, { low, high, part }] of across.entries()) {
      const upper = map[top * columns + low]! * (1 - part) + map[top * columns + high]! * part
      const lower = map[bottom * columns + low]! * (1 - part) + map[bottom * columns + high]! * part
      drawn[y * width + x] = upper * (1 - below) + lower * below
    }
  }
  return drawn
}

/** For each pixel along a side, the places before and after its middle, and how far it is on the way. */
function neighbours(places: number, pixels: number): { low: number; high: number; part: number }[] {
  return Array.from({ length: pixels }, (_, i) => {
    const at = Math.min(places - 1, Math.max(0, ((i + 0.5) * places) / pixels - 0.5))
    const low = Math.floor(at)
    return { low, high: Math.min(low + 1, places - 1), part: at - low }
  })
}
