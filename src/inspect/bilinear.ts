// Enlarges a small map to an image's size: bilinear, as PyTorch's `interpolate` with `align_corners=False`.

/** `[rows, columns] → [height, width]`: each value is at the centre of its cell; beyond the outer centres it is constant. */
export function bilinear(
  map: Float32Array,
  [rows, columns]: readonly [rows: number, columns: number],
  [height, width]: readonly [height: number, width: number],
): Float32Array {
  const across = neighbours(columns, width)
  const down = neighbours(rows, height)
  const resized = new Float32Array(height * width)
  for (const [y, { low: top, high: bottom, part: below }] of down.entries()) {
    for (const [x, { low, high, part }] of across.entries()) {
      const upper = map[top * columns + low]! * (1 - part) + map[top * columns + high]! * part
      const lower = map[bottom * columns + low]! * (1 - part) + map[bottom * columns + high]! * part
      resized[y * width + x] = upper * (1 - below) + lower * below
    }
  }
  return resized
}

/** For each pixel along a side, the cells before and after it, and its relative position between them. */
function neighbours(cells: number, pixels: number): { low: number; high: number; part: number }[] {
  return Array.from({ length: pixels }, (_, i) => {
    const position = Math.min(cells - 1, Math.max(0, ((i + 0.5) * cells) / pixels - 0.5))
    const low = Math.floor(position)
    return { low, high: Math.min(low + 1, cells - 1), part: position - low }
  })
}
