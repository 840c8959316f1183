// Which files are taken for pictures, by the end of their names.

const pictures = /\.(jpe?g|png|webp|gif|avif|tiff?|bmp)$/i

/** Without those that macOS puts beside each file, and other hidden ones. */
export function isPicture(name: string): boolean {
  return pictures.test(name) && !/(^|[\\/])\.[^\\/]*$/.test(name)
}

/** Text in one order on every machine: by code unit. */
export function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
