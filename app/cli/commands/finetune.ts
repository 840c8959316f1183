// `typeclip finetune`: a model that knows a person's own classes better, from a folder of labelled pictures (§3.2 and after).

import type { FinetuneEvent, FinetuneOptions, FinetuneResult, LoraTarget } from 'typeclip/finetune'
import type { Values } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { templatesOf, wordFlags, wordsOf } from '../evaluate/data.ts'
import { createPage } from '../evaluate/page.ts'
import { verdict } from '../evaluate/verdict.ts'
import { duration } from '../job.ts'
import { checkMethodFlags } from '../method-flags.ts'
import { imageFlags, modelFlags, withModel } from '../model.ts'
import type { Terminal } from '../terminal.ts'
import { columnFlags, columnsOf } from '../training-data.ts'
import { createTrainingView } from '../training-view.ts'
import { UsageError } from '../usage-error.ts'

const methods = [
  'full',
  'linear-probe',
  'lora',
  'flyp',
  'wise-ft',
  'coop',
  'tip-adapter',
  'tip-adapter-f',
  'lit',
] as const
const scalings = ['standard', 'rank-stabilised'] as const
const targets: readonly LoraTarget[] = ['q', 'k', 'v', 'out', 'fc', 'proj']

const flags = {
  method: { type: 'text', value: 'M', help: 'how: one of those above' },
  train: { type: 'text', value: 'FOLDER', help: 'pictures to learn from, each in a folder named as its class' },
  val: { type: 'text', value: 'FOLDER', help: 'pictures to judge by; else a tenth of the training ones, by lot' },
  out: { type: 'text', value: 'DIR', help: 'everything goes into this folder: new or empty, unless --resume' },
  shots: { type: 'count', value: 'N', help: 'learn from so many pictures of each class, by lot; else from all' },
  ...wordFlags,
  ...columnFlags,
  epochs: {
    type: 'count',
    value: 'N',
    help: "times through the data; else the method's own, at least 100 steps, lora 200",
  },
  steps: { type: 'count', value: 'N', help: 'steps, in place of --epochs' },
  lr: { type: 'number', value: 'X', above: 0, help: "the learning rate at its highest; else the method's own" },
  batch: { type: 'count', value: 'N', help: 'pictures in a step; else 32' },
  chunk: { type: 'count', value: 'N', help: 'pictures in memory at a time; the numbers stay those of --batch' },
  recompute: { type: 'switch', help: "compute transformer blocks' insides twice: slower, in far less memory" },
  warmup: { type: 'count', value: 'N', from: 0, help: 'steps of warm-up; else a tenth of all' },
  clipGrad: {
    type: 'number',
    value: 'X',
    above: 0,
    help: 'the longest gradient, by its norm; else any, full and wise-ft 1',
  },
  weightDecay: { type: 'number', value: 'X', help: 'of all that has two dimensions or more; else 0.1, LoRA 0.01' },
  layerDecay: { type: 'number', value: 'X', above: 0, help: "each block's rate as a share of the next one's; else 1" },
  judgements: { type: 'count', value: 'N', help: 'how often the run is judged and saved, by --val; else 10' },
  patience: { type: 'count', value: 'N', help: 'end after so many judgements without a better one' },
  noAugment: {
    type: 'switch',
    help: 'prepare the pictures as for evaluation; else random crops, half of them mirrored',
  },
  alpha: {
    type: 'number',
    value: 'X',
    help: 'wise-ft: 0 (zero-shot) to 1 (fine-tuned), else 0.5; lora: its α, else 1',
  },
  rank: { type: 'count', value: 'N', help: 'lora: of the matrices; else 2' },
  scaling: {
    type: 'text',
    value: 'S',
    choices: scalings,
    help: 'lora: α/r or α/√r; else rank-stabilised, as CLIP-LoRA',
  },
  targets: { type: 'text', value: 'T,…', help: 'lora: of q, k, v, out, fc, proj; else q,k,v' },
  towers: { type: 'text', value: 'T', choices: ['image', 'text', 'both'], help: 'lora: where; else both' },
  context: { type: 'count', value: 'N', help: 'coop: words that are learnt; else 16, or in small models 4' },
  contextWords: {
    type: 'text',
    value: 'T',
    help: 'coop: words to begin from; else by lot, in small models a photo of a',
  },
  seed: { type: 'count', value: 'N', from: 0, help: 'decides everything that is drawn by lot; else 0' },
  resume: { type: 'switch', help: 'go on from the last checkpoint in DIR; begin anew where there is none' },
  json: { type: 'switch', help: 'the result as one object' },
  html: { type: 'text', value: 'FILE', help: 'a page: before and after, the mistakes left; the file is written over' },
  model: modelFlags.model,
  activation: modelFlags.activation,
  device: { type: 'text', value: 'D', choices: ['cpu'], help: 'cpu: what trains runs there alone' },
  threads: modelFlags.threads,
  ...imageFlags,
} as const

type FinetuneValues = Values<typeof flags>

export const command = defineCommand({
  usage: '--method M --train FOLDER --out DIR [--val FOLDER] [--html FILE] [flags]',
  about: [
    'full: image tower and a head that begins as the zero-shot classifier. wise-ft: that, and half of the way back.',
    "lora: thin matrices beside the weights. flyp: CLIP's own loss over pictures and prompts. lit: text tower only.",
    'linear-probe, coop, tip-adapter, tip-adapter-f: the model stays as it is; features are computed once.',
    'DIR works as --model DIR. After full, wise-ft and those of the last line it answers with its own classifier.',
    'It holds result.json, and of runs with steps results.jsonl, validation.jsonl, tensorboard/, curves.svg.',
    'Ctrl-C saves and ends; the same flags with --resume go on.',
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
    for (const note of checkMethodFlags(method, values)) terminal.note(note)
    const options = finetuneOptions(values)
    const templates = await templatesOf(values.template)
    const classnames = await wordsOf(values.classnames)
    const { finetune } = await import('typeclip/finetune')
    const { openSource } = await import('typeclip/evaluate')
    const open = (where: string) => openSource(where, { ...columnsOf(values), classes: true, signal: terminal.signal })
    const events = finetune({
      ...options,
      method,
      train: await open(train),
      val: values.val === undefined ? undefined : await open(values.val),
      out,
      templates,
      words: classnames,
      signal: terminal.signal,
    })
    const page = values.html === undefined ? undefined : await createPage(values.html)
    try {
      const { result, before, after, skipped } = await shown(events, terminal, values.json)
      terminal.status(undefined)
      terminal.signal.throwIfAborted()
      if (!result) return 0
      if (page && before && after) {
        const about = { task: 'finetune', model: `${result.model} · ${method}`, data: after.data, train } as const
        await withModel({ ...values, model: out, activation: undefined }, ['image'], terminal, (clip) =>
          page.finetuned(about, before.details, after.details, clip),
        )
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

const isMethod = (text: string | undefined): text is FinetuneOptions['method'] =>
  methods.some((method) => method === text)

const missingOr = (text: string | undefined): string => (text === undefined ? 'is missing' : `is '${text}'`)

function finetuneOptions(values: FinetuneValues) {
  const { steps, epochs, alpha, noAugment, rank, scaling, towers } = values
  if (steps !== undefined && epochs !== undefined) {
    throw new UsageError('--steps and --epochs are two answers to the same question; give one')
  }
  if (values.method === 'wise-ft' && alpha !== undefined && alpha > 1) {
    throw new UsageError(`--alpha of wise-ft lies between 0 and 1; found ${alpha}`)
  }
  return {
    model: values.model,
    activation: values.activation as FinetuneOptions['activation'],
    shots: values.shots,
    epochs,
    steps,
    learningRate: values.lr,
    batch: values.batch,
    chunk: values.chunk,
    recompute: values.recompute || undefined,
    warmup: values.warmup,
    clipGradient: values.clipGrad,
    weightDecay: values.weightDecay,
    layerDecay: values.layerDecay,
    judgements: values.judgements,
    patience: values.patience,
    ...(noAugment && { augment: false as const }),
    alpha,
    lora: {
      rank,
      scaling,
      targets: values.targets === undefined ? undefined : targetsOf(values.targets),
      towers: towers === undefined || towers === 'both' ? undefined : [towers],
    } as NonNullable<FinetuneOptions['lora']>,
    contextLength: values.context,
    contextWords: values.contextWords,
    maxPixels: values.maxPixels,
    exifRotate: values.exifRotate || undefined,
    order: values.order as FinetuneOptions['order'],
    seed: values.seed,
    threads: values.threads,
    resume: values.resume,
  }
}

function targetsOf(text: string): LoraTarget[] {
  const found = text.split(',').map((part) => part.trim())
  const wrong = found.find((part) => !targets.includes(part as LoraTarget))
  if (wrong === undefined) return targets.filter((target) => found.includes(target))
  throw new UsageError(`--targets takes a list of ${targets.join(', ')}; found '${wrong}'`)
}

type Judged = Extract<FinetuneEvent, { kind: 'judged' }>

/** What came of a run, and how the same pictures were answered before and after. */
interface Outcome {
  result?: FinetuneResult
  before?: Judged
  after?: Judged
  /** Images that could not be used. */
  skipped: number
}

/** With `--json` only the line in place: standard output is the result's. */
async function shown(events: AsyncIterable<FinetuneEvent>, terminal: Terminal, json: boolean): Promise<Outcome> {
  const quiet: Terminal = json ? { ...terminal, print: async () => {} } : terminal
  const view = createTrainingView(quiet, false)
  const outcome: Outcome = { skipped: 0 }
  for await (const event of events) {
    if (event.kind === 'result') outcome.result = event.result
    else if (event.kind === 'notice') terminal.note(event.message)
    else if (event.kind === 'judged') {
      outcome[event.what === 'zero-shot' ? 'before' : 'after'] = event
      await quiet.print(`${event.what}: ${percent(event.top1)} of ${event.n} pictures`)
    } else if (event.kind === 'progress') terminal.status(`${event.what}: ${event.done} of ${event.of}`)
    else await view.show(event)
  }
  return { ...outcome, skipped: view.skipped() }
}

function closing({ out, top1, zeroShot, trained, skipped, seconds, classifier }: FinetuneResult): string {
  const how = classifier ? 'answers with its own classifier' : 'takes labels'
  const without = skipped.length > 0 ? `; ${skipped.length} could not be used` : ''
  return [
    `${percent(zeroShot.top1)} before, ${percent(top1)} now, after ${trained} pictures and ${duration(seconds)}${without}`,
    `the model is in ${out}; as --model ${out} it ${how}`,
  ].join('\n')
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
