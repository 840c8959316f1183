// The library's messages name its options in backticks; on the command line they are flags.

const flags: readonly (readonly [option: RegExp, flag: string])[] = [
  [/`maxPixels`/g, '--max-pixels'],
  [/`maxBytes`/g, '--max-bytes'],
  [/`exifRotate`/g, '--exif-rotate'],
  [/`onLong: '(truncate|chunk)'`/g, '--$1'],
]

export const withFlagNames = (message: string): string =>
  flags.reduce((text, [option, flag]) => text.replace(option, flag), message)
