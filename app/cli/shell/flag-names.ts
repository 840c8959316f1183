// The library's messages name its options in backticks; on the command line they are flags of the command being run.

import { type Flags, spelled } from './arguments.ts'

/** An option, and a value of it where that has a flag of its own: `onLong: 'truncate'`. */
const named = /`([a-z][A-Za-z0-9]*(?:: '[a-z-]+')?)`/gi

/** "choose a smaller `learningRate`" → "choose a smaller --lr". */
export function withFlagNames(message: string, flags: Flags): string {
  const byOption = new Map(Object.entries(flags).map(([name, flag]) => [flag.option ?? name, spelled(name)]))
  return message.replace(named, (text, option: string) => byOption.get(option) ?? text)
}
