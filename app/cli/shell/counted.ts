// Numbers with what they count: `1 image`, `1,200 images`.

export const grouped = (count: number): string => count.toLocaleString('en-US')

/** @param many the plural, where it is not the singular and an s */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${grouped(count)} ${count === 1 ? one : many}`
