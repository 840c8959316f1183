// `run`: from a command line to its exit code. A command is loaded when it is called, and the library by the command.

import { TypeclipError } from 'typeclip/errors'
import { globalFlags, parseWords, spelled } from './shell/arguments.ts'
import type { Command } from './shell/command.ts'
import { withFlagNames } from './shell/flag-names.ts'
import { commandHelp, overallHelp } from './shell/help.ts'
import { version } from './shell/installation.ts'
import { suggestion } from './shell/suggestion.ts'
import { isSystemError, systemSentence } from './shell/system-errors.ts'
import { createTerminal, type Streams, type Terminal } from './shell/terminal.ts'

interface Entry {
  summary: string
  load: () => Promise<{ command: Command }>
}

/** A command, or a group whose commands follow its name: `evaluate zero-shot`. */
const tree: Readonly<Record<string, Entry | { commands: Readonly<Record<string, Entry>> }>> = {
  classify: { summary: 'find which of your labels fits each image', load: () => import('./commands/classify.ts') },
  embed: { summary: 'write embeddings of images and texts to a file', load: () => import('./commands/embed.ts') },
  similarity: { summary: 'compare images with texts', load: () => import('./commands/similarity.ts') },
  train: { summary: 'train a CLIP on images and captions', load: () => import('./commands/train.ts') },
  finetune: { summary: 'adapt a model to your own classes', load: () => import('./commands/finetune.ts') },
  evaluate: {
    commands: {
      'zero-shot': {
        summary: 'measure classification accuracy on labelled images',
        load: () => import('./commands/evaluate/zero-shot.ts'),
      },
      retrieval: {
        summary: 'measure how well captions and images find each other',
        load: () => import('./commands/evaluate/retrieval.ts'),
      },
      'linear-probe': {
        summary: 'measure logistic regression on image embeddings',
        load: () => import('./commands/evaluate/linear-probe.ts'),
      },
      calibrate: {
        summary: 'fit a temperature, and a threshold for "none of these"',
        load: () => import('./commands/evaluate/calibrate.ts'),
      },
    },
  },
  figure2: { summary: "reproduce the paper's Figure 2 at a small size", load: () => import('./commands/figure2.ts') },
  tokenize: { summary: 'print the token ids of texts', load: () => import('./commands/tokenize.ts') },
  preprocess: { summary: 'write the pixels that a model reads', load: () => import('./commands/preprocess.ts') },
  inspect: { summary: 'show both encoders step by step', load: () => import('./commands/inspect.ts') },
  models: { summary: 'list the names that --model takes', load: () => import('./commands/models.ts') },
  convert: { summary: "convert a checkpoint to another project's format", load: () => import('./commands/convert.ts') },
  doctor: { summary: 'check this machine against reference values', load: () => import('./commands/doctor.ts') },
}

const ofGroup = (group: string, members: Readonly<Record<string, Entry>>): [string, Entry][] =>
  Object.entries(members).map(([name, entry]) => [`${group} ${name}`, entry])

/** Every command by its full name. */
export const commands: Readonly<Record<string, Entry>> = Object.fromEntries(
  Object.entries(tree).flatMap(([name, node]) => ('commands' in node ? ofGroup(name, node.commands) : [[name, node]])),
)

/** The exit code of shells for an interruption: 128 and the number of the signal. */
const interrupted = 130

const isOn = (setting: string | undefined): boolean => /^(1|on|yes|true)$/i.test(setting ?? '')

export async function run(
  argv: readonly string[],
  streams: Streams,
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  const isQuiet = (word: string) => word === '-q' || word === '--quiet'
  const start = argv.findIndex((word) => !isQuiet(word))
  const words = start < 0 ? [] : argv.slice(start)
  const quiet = start !== 0 || isOn(process.env.TYPECLIP_QUIET)
  const terminal = createTerminal(streams, signal, { quiet: quiet && argv.length > 0 })
  try {
    return await dispatch(words, terminal)
  } catch (error) {
    return failed(error, terminal)
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...following] = argv
  if (first === undefined) {
    terminal.error(`a command is missing\n\n${overallHelp(commands)}`)
    return 2
  }
  if (['--version', '-v', '-V', 'version'].includes(first)) {
    await terminal.print(version())
    return 0
  }
  if (first === '--help' || first === '-h' || (first === 'help' && following.length === 0)) {
    await terminal.print(overallHelp(commands))
    return 0
  }
  if (first === 'help') return dispatch([...following, '--help'], terminal)

  const node = Object.hasOwn(tree, first) ? tree[first]! : undefined
  if (!node) {
    terminal.error(unknownCommand(first))
    return 2
  }
  if (!('commands' in node)) return runCommand(first, node, following, terminal)
  const [second, ...rest] = following
  if (second === '--help' || second === '-h') {
    await terminal.print(overallHelp(Object.fromEntries(ofGroup(first, node.commands))))
    return 0
  }
  if (second === undefined || !Object.hasOwn(node.commands, second)) {
    terminal.error(wrongMember(first, second, Object.keys(node.commands)))
    return 2
  }
  return runCommand(`${first} ${second}`, node.commands[second]!, rest, terminal)
}

async function runCommand(
  name: string,
  { summary, load }: Entry,
  argv: readonly string[],
  general: Terminal,
): Promise<number> {
  const { command } = await load()
  const end = argv.indexOf('--')
  if (argv.slice(0, end < 0 ? argv.length : end).some((word) => word === '--help' || word === '-h')) {
    await general.print(commandHelp(name, summary, command))
    return 0
  }
  const terminal = general.withMessages((message) => withFlagNames(message, command.flags))
  try {
    const { words, values } = parseWords(argv, { ...command.flags, ...globalFlags })
    return await command.run(words, values, values.quiet ? terminal.silenced() : terminal)
  } catch (error) {
    return failed(error, terminal)
  }
}

function failed(error: unknown, terminal: Terminal): number {
  terminal.status(undefined)
  if (terminal.signal.aborted) return interrupted
  terminal.error(messageOf(error))
  return 2
}

function wrongMember(group: string, word: string | undefined, members: readonly string[]): string {
  const found = word === undefined ? '' : `; found '${word}'${suggestion(word, members)}`
  return `${group} is followed by one of ${members.join(', ')}${found}`
}

function unknownCommand(name: string): string {
  if (name.startsWith('-')) {
    const near = suggestion(name, ['--help', '--version', ...Object.keys(globalFlags).map(spelled)])
    return `there is no flag ${name} without a command${near || `; the command comes first: typeclip COMMAND ${name}`}`
  }
  const names = Object.keys(commands)
  const member = names.find((known) => known.endsWith(` ${name}`))
  const near = member ? `; did you mean ${member}?` : suggestion(name, [...names, 'help', 'version'])
  const image = /\.(jpe?g|png|webp|gif|tiff?|avif)$/i.test(name)
    ? `; for an image: typeclip classify ${name} --labels "a cat,a dog"`
    : ''
  return `there is no command '${name}'${near}${image}; typeclip --help lists them`
}

/** Expected errors and system errors are shown as a message; anything else is a bug and is shown with its stack. */
function messageOf(error: unknown): string {
  if (error instanceof TypeclipError) return error.message
  if (isSystemError(error)) return systemSentence(error)
  return `internal error, please report it:\n${error instanceof Error ? error.stack : String(error)}`
}
