// `run`: one command line to its exit code. Every command is loaded when it is asked for, and the library by the command.

import { parseWords } from './arguments.ts'
import type { Command } from './command.ts'
import { withFlagNames } from './flag-names.ts'
import { commandHelp, overallHelp } from './help.ts'
import { version } from './installation.ts'
import { suggestion } from './suggestion.ts'
import { createTerminal, type Streams, type Terminal } from './terminal.ts'

export const commands: Readonly<Record<string, { summary: string; load: () => Promise<{ command: Command }> }>> = {
  classify: { summary: 'which of your labels fits each image', load: () => import('./commands/classify.ts') },
  embed: { summary: 'images and texts to a file of vectors', load: () => import('./commands/embed.ts') },
  similarity: { summary: 'how near each image is to each text', load: () => import('./commands/similarity.ts') },
  train: { summary: 'a CLIP of your own, from images and captions', load: () => import('./commands/train.ts') },
  finetune: { summary: 'a model that knows your classes better', load: () => import('./commands/finetune.ts') },
  'evaluate zero-shot': {
    summary: 'accuracy of words as classes, on labelled images',
    load: () => import('./commands/evaluate-zero-shot.ts'),
  },
  'evaluate retrieval': {
    summary: 'how well captions and images find each other',
    load: () => import('./commands/evaluate-retrieval.ts'),
  },
  'evaluate linear-probe': {
    summary: 'accuracy of logistic regression on image embeddings',
    load: () => import('./commands/evaluate-linear-probe.ts'),
  },
  'evaluate calibrate': {
    summary: 'a temperature, and a threshold for "none of these"',
    load: () => import('./commands/evaluate-calibrate.ts'),
  },
  figure2: { summary: "the paper's Figure 2, at a small size", load: () => import('./commands/figure2.ts') },
  tokenize: { summary: 'texts to token ids', load: () => import('./commands/tokenize.ts') },
  preprocess: { summary: 'images to the pixels that a model takes', load: () => import('./commands/preprocess.ts') },
  inspect: { summary: 'both encoders, step by step', load: () => import('./commands/inspect.ts') },
  models: { summary: 'the names that --model takes', load: () => import('./commands/models.ts') },
  convert: { summary: 'a checkpoint as another project publishes it', load: () => import('./commands/convert.ts') },
  doctor: { summary: "whether this machine gives the reference's numbers", load: () => import('./commands/doctor.ts') },
}

/** Interrupted by the user, as shells count it: 128 and the signal's number. */
const interrupted = 130

export async function run(
  argv: readonly string[],
  streams: Streams,
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  const terminal = createTerminal(streams, signal)
  try {
    return await dispatch(argv, terminal)
  } catch (error) {
    terminal.status(undefined)
    if (signal.aborted) return interrupted
    terminal.note(shown(error))
    return 2
  }
}

async function dispatch([first, ...following]: readonly string[], terminal: Terminal): Promise<number> {
  // `evaluate zero-shot`: a command's name may be two words.
  const group = Object.keys(commands).filter((name) => name.startsWith(`${first} `))
  const [name, rest] = group.length > 0 ? [`${first} ${following[0]}`, following.slice(1)] : [first, following]
  if (group.length > 0 && (following[0] === '--help' || following[0] === '-h')) {
    await terminal.print(overallHelp(Object.fromEntries(group.map((name) => [name, commands[name]!]))))
    return 0
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    await terminal.print(overallHelp(commands))
    return 0
  }
  if (name === '--version') {
    await terminal.print(version())
    return 0
  }
  if (name === undefined) {
    terminal.note(`a command is missing\n\n${overallHelp(commands)}`)
    return 2
  }
  if (group.length > 0 && !Object.hasOwn(commands, name)) {
    const found = following[0] === undefined ? '' : `; found '${following[0]}'`
    terminal.note(`${first} is followed by one of ${group.map((name) => name.split(' ')[1]).join(', ')}${found}`)
    return 2
  }
  if (!Object.hasOwn(commands, name)) {
    const near = suggestion(name, Object.keys(commands))
    terminal.note(`there is no command '${name}'${near}; typeclip --help lists them`)
    return 2
  }
  const { summary, load } = commands[name]!
  const { command } = await load()
  const end = rest.indexOf('--')
  if (rest.slice(0, end < 0 ? rest.length : end).some((word) => word === '--help' || word === '-h')) {
    await terminal.print(commandHelp(name, summary, command))
    return 0
  }
  const { words, values } = parseWords(rest, command.flags)
  return command.run(words, values, terminal)
}

/** Errors made on purpose and the system's own speak for themselves; anything else is a fault of ours, with its stack. */
function shown(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const onPurpose = ['UsageError', 'CheckpointError', 'ShapeError', 'InputError', 'TrainingError'].includes(error.name)
  if (onPurpose || 'syscall' in error) return withFlagNames(error.message)
  return `this is a fault of typeclip's, please report it:\n${error.stack}`
}
