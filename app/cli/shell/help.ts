// `--help`, of typeclip and of each of its commands.

import type { Flag } from './arguments.ts'
import { globalFlags, spelled } from './arguments.ts'
import type { Command } from './command.ts'
import { table } from './table.ts'

export function overallHelp(commands: Readonly<Record<string, { summary: string }>>): string {
  return [
    'typeclip: images and texts in one space, with any CLIP',
    '',
    'Usage: typeclip COMMAND …',
    '',
    ...indented(table(Object.entries(commands).map(([name, { summary }]) => [name, summary]))),
    '',
    'typeclip help COMMAND (or COMMAND --help) describes a command; typeclip --version prints the version.',
    'Guides, objectives, benchmarks: README.md, docs/en and docs/zh (中文) in the repository of typeclip.',
    '',
    'Without --model the small model that ships with typeclip is used; typeclip models lists others.',
    '-q, --quiet or TYPECLIP_QUIET=1: no notices and no progress; errors are always shown.',
    'Exit codes: 0 all done; 1 some inputs failed (each named on standard error, the rest done);',
    '2 wrong use, or nothing could be done.',
  ].join('\n')
}

export function commandHelp(name: string, summary: string, { usage, about, flags, examples }: Command): string {
  return [
    `typeclip ${name}: ${summary}`,
    '',
    `Usage: typeclip ${name} ${usage}`,
    '',
    ...about,
    '',
    'Flags:',
    ...indented(
      table([
        ...Object.entries(flags).map(([flag, how]) => [usageOf(flag, how), how.help]),
        ...Object.entries(globalFlags).map(([flag, how]) => [usageOf(flag, how), how.help]),
        helpRow,
      ]),
    ),
    '',
    'Examples:',
    ...indented(examples),
  ].join('\n')
}

const helpRow = ['-h, --help', 'show this text']

function usageOf(name: string, flag: Flag): string {
  if (flag.type === 'switch') return flag.letter ? `-${flag.letter}, ${spelled(name)}` : spelled(name)
  const choices = flag.type === 'text' ? flag.choices?.join('|') : undefined
  const value = choices !== undefined && choices.length <= maxChoices ? choices : flag.value
  return `${spelled(name)} ${value}${flag.type === 'texts' ? '…' : ''}`
}

/** Longer lists of choices are in the help of the flag. */
const maxChoices = 28

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`)
