// The words after the name of a command: parsed by Node with the command's table of flags, and checked here.

import { parseArgs } from 'node:util'
import { UsageError } from 'typeclip/errors'
import { suggestion } from './suggestion.ts'

export type Flag = {
  help: string
  /** The library option that it sets, if its name differs from the flag's. */
  option?: string
} & (
  | { type: 'switch'; letter?: string }
  | { type: 'text'; value: string; choices?: readonly string[] }
  /** May be repeated; `following`: every word up to the next flag is another value. */
  | { type: 'texts'; value: string; following?: true }
  /** A whole number, by default 1 or more. */
  | { type: 'count'; value: string; from?: 0 }
  /** A decimal number that is not negative. */
  | { type: 'number'; value: string; below?: number; above?: number }
)

export type Flags = Readonly<Record<string, Flag>>

/** Flags of every command. */
export const globalFlags = {
  quiet: { type: 'switch', letter: 'q', help: 'no notices and no progress; errors are always shown' },
} as const satisfies Flags

type Value<F extends Flag> = F extends { type: 'switch' }
  ? boolean
  : F extends { type: 'texts' }
    ? string[]
    : F extends { type: 'count' | 'number' }
      ? number | undefined
      : F extends { choices: readonly (infer Choice)[] }
        ? Choice | undefined
        : string | undefined

/** The parsed values, by the names of the table: `--max-pixels` is `maxPixels`. */
export type Values<F extends Flags> = { [Name in keyof F]: Value<F[Name]> }

/** `maxPixels` → `--max-pixels`. */
export const spelled = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** @throws UsageError for an unknown flag, a missing value, or one that does not fit */
export function parseWords<F extends Flags>(argv: readonly string[], flags: F): { words: string[]; values: Values<F> } {
  const bySpelling = new Map(Object.entries(flags).map(([name, flag]) => [spelled(name), { name, flag }]))
  const options = Object.fromEntries(
    [...bySpelling].map(([spelling, { flag }]) => [
      spelling.slice(2),
      { type: flag.type === 'switch' ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
  const values: Record<string, ReturnType<typeof empty> | string | number> = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [name, empty(flag)]),
  )
  for (const [name, flag] of Object.entries(flags)) {
    if (flag.type === 'switch' && flag.letter) bySpelling.set(`-${flag.letter}`, { name, flag })
  }
  const words: string[] = []
  let following: string[] | undefined
  for (const token of tokens) {
    if (token.kind === 'positional') {
      ;(following ?? words).push(token.value)
      continue
    }
    following = undefined
    if (token.kind === 'option-terminator') continue
    const known = bySpelling.get(token.rawName)
    if (!known) throw unknownFlag(argv[token.index] ?? token.rawName, [...Object.keys(flags).map(spelled), '--help'])
    const { name, flag } = known
    if (flag.type === 'switch') {
      if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value; found '${token.value}'`)
      values[name] = true
      continue
    }
    const value = checkedText(token.rawName, flag, token.value, token.inlineValue === true)
    if (flag.type === 'texts') {
      const list = values[name] as string[]
      list.push(value)
      if (flag.following) following = list
    } else {
      if (values[name] !== undefined) throw new UsageError(`${token.rawName} was given twice; it takes one value`)
      values[name] = parsed(token.rawName, flag, value)
    }
  }
  return { words, values: values as Values<F> }
}

function empty({ type }: Flag): boolean | string[] | undefined {
  if (type === 'switch') return false
  return type === 'texts' ? [] : undefined
}

function checkedText(
  spelling: string,
  flag: Exclude<Flag, { type: 'switch' }>,
  value: string | undefined,
  inline: boolean,
): string {
  if (value === undefined) throw new UsageError(`${spelling} needs a value: ${spelling} ${flag.value}`)
  if (!inline && /^--?[a-z][a-z-]*(=|$)/i.test(value)) {
    throw new UsageError(
      `${spelling} needs a value, and the flag ${value} follows it; if that is the value, write ${spelling}=${value}`,
    )
  }
  if (flag.type === 'text' && flag.choices && !flag.choices.includes(value)) {
    throw new UsageError(`${spelling} is one of ${flag.choices.join(', ')}; found '${value}'`)
  }
  return value
}

function parsed(spelling: string, flag: Exclude<Flag, { type: 'switch' }>, value: string): string | number {
  if (flag.type === 'count') return whole(spelling, value, flag.from ?? 1)
  return flag.type === 'number' ? decimal(spelling, value, flag) : value
}

function whole(spelling: string, value: string, from: number): number {
  const count = Number(value)
  if (/^[0-9]+$/.test(value) && count >= from && Number.isSafeInteger(count)) return count
  throw new UsageError(`${spelling} takes a whole number from ${from} on; found '${value}'`)
}

function decimal(
  spelling: string,
  value: string,
  { below = Infinity, above }: { below?: number; above?: number },
): number {
  const number = Number(value)
  const fits = above === undefined ? number >= 0 : number > above
  if (/^[0-9.]+(e[-+]?[0-9]+)?$/i.test(value) && fits && number < below && Number.isFinite(number)) return number
  const bounds = `${above === undefined ? 'from 0 on' : `above ${above}`}${below < Infinity ? ` and below ${below}` : ''}`
  throw new UsageError(`${spelling} takes a number ${bounds}; found '${value}'`)
}

function unknownFlag(word: string, known: readonly string[]): UsageError {
  const spelling = word.split('=')[0]!
  if (!spelling.startsWith('--')) {
    const long = `-${spelling}`
    const near = known.includes(long) ? `; did you mean ${long}?` : '; a word that begins with - comes after --'
    return new UsageError(`there is no flag ${spelling}${near}`)
  }
  return new UsageError(`there is no flag ${spelling}${suggestion(spelling, known) || '; --help lists the flags'}`)
}
