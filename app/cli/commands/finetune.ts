// `typeclip finetune`: adapts a model to labelled images (§3.2 and later methods). A method's options are declared by the library; the
// flags and their help are made from that.

import type { Clip } from 'typeclip'
import { UsageError } from 'typeclip/errors'
import {
  type FinetuneEvent,
  type FinetuneOptions,
  type FinetuneResult,
  finetune,
  finetuneMethods,
  type MethodName,
  type MethodOption,
  methodOptions,
} from 'typeclip/finetune'
import { createPage } from '../../report/evaluate/page.ts'
import { verdict } from '../../report/evaluate/verdict.ts'
import { templatesOf, wordFlags, wordsOf } from '../inputs/labelled-data.ts'
import { columnFlags, columnsOf } from '../inputs/training-data.ts'
import { imageFlags, modelFlags, withModel } from '../model-flags.ts'
import { downloading } from '../outputs/downloading.ts'
import { duration } from '../outputs/job.ts'
import { createTrainingView } from '../outputs/training-view.ts'
import { createUseNotices } from '../outputs/use-notices.ts'
import type { Flag, Flags, Values } from '../shell/arguments.ts'
import { defineCommand } from '../shell/command.ts'
import { counted, percent } from '../shell/counted.ts'
import { withFlagNames } from '../shell/flag-names.ts'
import { table } from '../shell/table.ts'
import type { Terminal } from '../shell/terminal.ts'

const methods = Object.keys(finetuneMethods) as MethodName[]

const dataFlags = {
  method: { type: 'text', value: 'M', help: 'one of the methods above' },
  train: {
    type: 'text',
    option: 'data',
    value: 'FOLDER',
    help: 'training images, each in a folder named after its class',
  },
  val: {
    type: 'text',
    option: 'validation',
    value: 'FOLDER',
    help: 'validation images. Default: 10 % of the training images, chosen at random',
  },
  out: { type: 'text', value: 'DIR', help: 'folder for all results: new or empty, unless --resume' },
  shots: { type: 'count', value: 'N', help: 'training images per class, chosen at random. Default: all' },
  ...wordFlags,
  ...columnFlags,
} as const satisfies Flags

const runFlags = {
  seed: { type: 'count', value: 'N', from: 0, help: 'random seed. Default: 0' },
  resume: { type: 'switch', help: 'continue from the last checkpoint in DIR; start if there is none' },
  json: { type: 'switch', help: 'the result as one object' },
  html: {
    type: 'text',
    value: 'FILE',
    help: 'page to write: before and after, and the mistakes left; an existing file is replaced',
  },
  model: modelFlags.model,
  activation: modelFlags.activation,
  device: { type: 'text', value: 'D', choices: ['cpu'], help: 'cpu; training runs nowhere else' },
  threads: modelFlags.threads,
  ...imageFlags,
} as const satisfies Flags

/** The flag of each option that some methods read, by the option's name. */
const optionFlags = new Map<string, { flag: string; of: MethodOption; help: string }>()
for (const method of methods) {
  for (const [name, of] of Object.entries(methodOptions(method))) {
    const found = optionFlags.get(name)
    const isShared = methods.filter((other) => methodOptions(other)[name] === of).length > 1
    const help = isShared ? of.help : `${method}: ${of.help}`
    if (!found) optionFlags.set(name, { flag: of.flag ?? name, of, help })
    else if (found.of !== of) found.help += `; ${help}`
  }
}

const methodFlags = Object.fromEntries(
  [...optionFlags].map(([option, { flag, of, help }]): [string, Flag] => [flag, { ...of, option, help }]),
)
for (const flag of Object.values(methodFlags)) flag.help = withFlagNames(flag.help, methodFlags)

const flags = {
  ...dataFlags,
  ...methodFlags,
  ...runFlags,
} as typeof dataFlags & typeof runFlags

type FinetuneValues = Values<typeof flags>

export const command = defineCommand({
  usage: '--method M --train FOLDER --out DIR [--val FOLDER] [--html FILE] [flags]',
  about: [
    'Methods:',
    ...table(methods.map((method) => [`  ${method}`, finetuneMethods[method].summary])),
    '',
    'linear-probe, coop, tip-adapter and tip-adapter-f do not change the model; features are computed once. DIR works as',
    '--model DIR; except after lora, flyp and lit it predicts with its own classifier. It holds result.json, and for',
    'methods with steps results.jsonl, validation.jsonl, tensorboard/ and curves.svg. Ctrl-C saves and stops; the same',
    'command with --resume continues.',
  ],
  flags,
  examples: [
    'typeclip finetune --method lora --train photos/train --val photos/val --out run --shots 16',
    'typeclip finetune --method linear-probe --train photos --out run --html report.html',
    'typeclip finetune --method wise-ft --train photos --out run --alpha 0.7 --model ViT-B/32',
    'typeclip finetune --method full --train photos --out run --classnames words.json --layer-decay 0.8',
  ],
  async run(words, values, terminal) {
    if (words.length > 0) throw new UsageError(`finetune takes flags only; found '${words[0]}'`)
    const { method, train, out } = values
    if (!isMethod(method)) throw new UsageError(`--method ${missingOr(method)}; it takes one of ${methods.join(', ')}`)
    if (train === undefined) throw new UsageError('--train is missing: a folder of class folders')
    if (out === undefined) throw new UsageError('--out is missing: the folder that the result goes into')
    const notices = createUseNotices(terminal)
    const events = finetune({
      ...(await finetuneOptions(values, terminal)),
      method,
      data: train,
      out,
      onNotice: notices.onNotice,
    } as FinetuneOptions)
    const page = values.html === undefined ? undefined : await createPage(values.html)
    try {
      const { result, before, after, skipped } = await shown(events, terminal, values.json)
      terminal.status(undefined)
      terminal.signal.throwIfAborted()
      notices.end()
      if (!result) return 0
      if (page && before && after) {
        const about = { task: 'finetune', model: `${result.model} · ${method}`, data: after.data, train } as const
        const draw = (clip: Clip) => page.finetuned(about, before.details, after.details, clip)
        await withModel({ ...values, model: out, activation: undefined }, ['image'], terminal, draw, notices)
      }
      await terminal.print(values.json ? JSON.stringify(result, null, 2) : closing(result))
      const doubt = verdict({ before: result.zeroShot.top1, after: result.top1, n: result.n })
      if (doubt) terminal.note(doubt.en)
      await page?.commit(terminal)
      return skipped > 0 ? 1 : 0
    } finally {
      await page?.discard()
    }
  },
})

const isMethod = (text: string | undefined): text is MethodName => methods.some((method) => method === text)

const missingOr = (text: string | undefined): string => (text === undefined ? 'is missing' : `is '${text}'`)

async function finetuneOptions(values: FinetuneValues, terminal: Terminal) {
  const { onProgress, onWait } = downloading(terminal)
  return {
    model: values.model,
    activation: values.activation,
    validation: values.val,
    ...columnsOf(values),
    shots: values.shots,
    templates: await templatesOf(values.template),
    words: await wordsOf(values.classnames),
    maxPixels: values.maxPixels,
    exifRotate: values.exifRotate,
    order: values.order,
    seed: values.seed,
    threads: values.threads,
    resume: values.resume,
    signal: terminal.signal,
    onDownload: onProgress,
    onWait,
    ...methodOptionsOf(values),
  }
}

/** The options that some methods read, as far as they were given. */
function methodOptionsOf(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = [...optionFlags].filter(([, { flag }]) => values[flag] !== undefined && values[flag] !== false)
  return Object.fromEntries(
    given.map(([option, { flag, of }]) => [option, of.read ? of.read(String(values[flag])) : values[flag]]),
  )
}

type Evaluated = Extract<FinetuneEvent, { kind: 'evaluated' }>

/** The result of a run, and the evaluations before and after. */
interface Outcome {
  result?: FinetuneResult
  before?: Evaluated
  after?: Evaluated
  /** Images that could not be used. */
  skipped: number
}

/** With `--json` standard output is only for the result. */
async function shown(events: AsyncIterable<FinetuneEvent>, terminal: Terminal, json: boolean): Promise<Outcome> {
  const quiet: Terminal = json ? { ...terminal, print: async () => {} } : terminal
  const view = createTrainingView(quiet, false)
  const outcome: Outcome = { skipped: 0 }
  for await (const event of events) {
    if (event.kind === 'result') outcome.result = event.result
    else if (event.kind === 'evaluated') {
      outcome[event.what === 'zero-shot' ? 'before' : 'after'] = event
      await quiet.print(`${event.what}: ${percent(event.top1)} of ${counted(event.n, 'image')}`)
    } else if (event.kind === 'progress') terminal.status(`${event.what}: ${event.done} of ${event.of}`)
    else await view.show(event)
  }
  return { ...outcome, skipped: view.skipped() }
}

function closing({ out, top1, zeroShot, trained, skipped, seconds, classifier }: FinetuneResult): string {
  const how = classifier ? 'answers with its own classifier' : 'takes labels'
  const without = skipped.length > 0 ? `; ${skipped.length} could not be used` : ''
  return [
    `${percent(zeroShot.top1)} before, ${percent(top1)} now, after ${counted(trained, 'image')} and ${duration(seconds)}${without}`,
    `the model is in ${out}; as --model ${out} it ${how}`,
  ].join('\n')
}
