// A number with its noun, in the singular or the plural.

/** `1 image`, `2 images`, `1 class`, `3 classes`. */
export const counted = (count: number, noun: string): string =>
  `${count} ${count === 1 ? noun : `${noun}${/(s|x|ch|sh)$/.test(noun) ? 'es' : 's'}`}`
