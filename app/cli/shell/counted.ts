// Numbers as people read them: `1 image`, `1,200 images`, `12.5 %`, `3.4 MB`.

export const grouped = (count: number): string => count.toLocaleString('en-US')

/** @param many the plural, where it is not the singular and an s */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${grouped(count)} ${count === 1 ? one : many}`

/** A share of 1; a dash where there is none. */
export const percent = (share: number): string => (Number.isNaN(share) ? '–' : `${(100 * share).toFixed(1)} %`)

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
