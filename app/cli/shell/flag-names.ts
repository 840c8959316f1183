// Messages of the library name its options in backticks; the command puts its own flags in their place.

import { type Flags, spelled } from './arguments.ts'

/** An option, with its value if that has a flag of its own: `onLong: 'truncate'`. */
const named = /`([a-z][A-Za-z0-9]*(?:: '[a-z-]+')?)`/gi

/** "choose a smaller `learningRate`" → "choose a smaller --lr". */
export function withFlagNames(message: string, flags: Flags): string {
  const byOption = new Map(Object.entries(flags).map(([name, flag]) => [flag.option ?? name, spelled(name)]))
  return message.replace(named, (text, option: string) => byOption.get(option) ?? text)
}
