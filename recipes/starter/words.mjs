/** Names of images as plain words: how titles, file names and tags are cleaned before they become captions. */

/** @param {string} s letters and digits only, to compare names by */
export const plain = (s) => s.toLowerCase().replace(/[^a-z0-9]/g, '')

/** @param {string} s */
export const words = (s) => s.replace(/[-_]+/g, ' ').replace(/\s+/g, ' ').trim().toLowerCase()

/** Names that would be wrong for the mirrored image. */
export const SIDED =
  /left|right|arrow|clock|letter|number|flag|keycap|button|sign|text|alphabet|input|east|west|align|digit|^\w$/

/**
 * @typedef {object} Image
 * @property {string} id        the source and the file within it, for the list of files
 * @property {string} source
 * @property {string} [file]    a raster file, or
 * @property {string} [svg]     a drawing's text, or
 * @property {Uint8Array} [gray] 28 × 28 gray pixels
 * @property {string[]} names   its names, the best first
 * @property {string[]} tags    less specific words
 * @property {boolean} flip     whether it may be mirrored
 * @property {boolean} [mono]   ink of one colour, which may be changed
 * @property {boolean} [photo]  fills its frame; else it is on a transparent background
 * @property {boolean} [drawn] a scene that the recipe drew, with its background
 * @property {boolean} [cutout] a photo or a rendering without its background
 * @property {boolean} [seldom] a shape or sign with little meaning
 * @property {string} [hyphened] the first name as people spell it, if it has hyphens
 * @property {number} [group]   emojibase's group
 */

/**
 * @param {Omit<Image, 'names' | 'tags' | 'flip'>} image
 * @param {string[]} names
 * @param {string[]} tags
 * @returns {Image | undefined} undefined if no name is left
 */
export function named(picture, names, tags = []) {
  const clean = unique(names.map(words).filter((n) => n.length > 1 && n.length < 60 && n.split(' ').length <= 8))
  if (!clean[0]) return undefined
  const more = unique(tags.map(words).filter((t) => t.length > 1 && t.length < 30 && !clean.includes(t))).slice(0, 14)
  return { ...picture, names: clean, tags: more, flip: !SIDED.test(clean[0]) }
}

/** @param {string[]} list */
const unique = (list) => [...new Set(list)]
