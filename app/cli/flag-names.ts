// The library's errors name its options; on the command line they are flags.

const flags: readonly (readonly [option: RegExp, flag: string])[] = [
  [/\bmaxPixels\b/g, '--max-pixels'],
  [/\((truncate|chunk)\)/g, '(--$1)'],
]

export const withFlagNames = (message: string): string =>
  flags.reduce((text, [option, flag]) => text.replace(option, flag), message)
