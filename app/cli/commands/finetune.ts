// `typeclip finetune`: a model that knows a person's own classes better, from a folder of labelled images (§3.2 and after).

import type { Clip } from 'typeclip'
import { UsageError } from 'typeclip/errors'
import type { FinetuneEvent, FinetuneOptions, FinetuneResult, LoraTarget } from 'typeclip/finetune'
import { createPage } from '../../report/evaluate/page.ts'
import { verdict } from '../../report/evaluate/verdict.ts'
import { templatesOf, wordFlags, wordsOf } from '../inputs/labelled-data.ts'
import { columnFlags, columnsOf } from '../inputs/training-data.ts'
import { checkMethodFlags } from '../method-flags.ts'
import { imageFlags, modelFlags, withModel } from '../model-flags.ts'
import { downloading } from '../outputs/downloading.ts'
import { duration } from '../outputs/job.ts'
import { createTrainingView } from '../outputs/training-view.ts'
import { createUseNotices } from '../outputs/use-notices.ts'
import type { Values } from '../shell/arguments.ts'
import { defineCommand } from '../shell/command.ts'
import { counted } from '../shell/counted.ts'
import type { Terminal } from '../shell/terminal.ts'

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
  method: { type: 'text', value: 'M', help: 'one of the methods above' },
  train: { type: 'text', value: 'FOLDER', help: 'training images, each in a folder named after its class' },
  val: {
    type: 'text',
    value: 'FOLDER',
    help: 'validation images. Default: 10 % of the training images, chosen at random',
  },
  out: { type: 'text', value: 'DIR', help: 'folder for all results: new or empty, unless --resume' },
  shots: { type: 'count', value: 'N', help: 'training images per class, chosen at random. Default: all' },
  ...wordFlags,
  ...columnFlags,
  epochs: {
    type: 'count',
    value: 'N',
    help: "passes over the data. Default: the method's own, at least 100 steps, lora 200",
  },
  steps: { type: 'count', value: 'N', help: 'steps, instead of --epochs' },
  lr: {
    type: 'number',
    option: 'learningRate',
    value: 'X',
    above: 0,
    help: "peak learning rate. Default: the method's own",
  },
  batch: { type: 'count', value: 'N', help: 'images per step. Default: 32' },
  chunk: { type: 'count', value: 'N', help: 'images in memory at a time; results are the same as without' },
  recompute: { type: 'switch', help: 'recompute transformer blocks in the backward pass: slower, far less memory' },
  warmup: { type: 'count', value: 'N', from: 0, help: 'warm-up steps. Default: a tenth of all' },
  clipGrad: {
    type: 'number',
    option: 'clipGradient',
    value: 'X',
    above: 0,
    help: 'clip the gradient to this norm. Default: no clipping; full and wise-ft 1',
  },
  weightDecay: {
    type: 'number',
    value: 'X',
    help: 'of parameters with two or more dimensions. Default: 0.1; lora 0.01',
  },
  layerDecay: {
    type: 'number',
    value: 'X',
    above: 0,
    help: "learning rate of each block as a share of the next one's. Default: 1",
  },
  judgements: { type: 'count', value: 'N', help: 'how often to validate and save. Default: 10' },
  patience: { type: 'count', value: 'N', help: 'stop after N validations without improvement' },
  noAugment: {
    type: 'switch',
    option: 'augment',
    help: 'preprocess images as for evaluation. Default: random crops, half of them mirrored',
  },
  alpha: {
    type: 'number',
    value: 'X',
    help: 'wise-ft: 0 (zero-shot) to 1 (fine-tuned), default 0.5; lora: α, default 1',
  },
  rank: { type: 'count', value: 'N', help: 'lora: rank of the matrices. Default: 2' },
  scaling: {
    type: 'text',
    value: 'S',
    choices: scalings,
    help: 'lora: α/r (standard) or α/√r. Default: rank-stabilised, as CLIP-LoRA',
  },
  targets: { type: 'text', value: 'T,…', help: 'lora: any of q, k, v, out, fc, proj. Default: q,k,v' },
  towers: {
    type: 'text',
    value: 'T',
    choices: ['image', 'text', 'both'],
    help: 'lora: encoders to adapt. Default: both',
  },
  context: {
    type: 'count',
    option: 'contextLength',
    value: 'N',
    help: 'coop: context vectors to learn. Default: 16; in small models 4',
  },
  contextWords: {
    type: 'text',
    value: 'T',
    help: 'coop: words to initialise from. Default: random; in small models a photo of a',
  },
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
} as const

type FinetuneValues = Values<typeof flags>

export const command = defineCommand({
  usage: '--method M --train FOLDER --out DIR [--val FOLDER] [--html FILE] [flags]',
  about: [
    'Methods: full (image encoder and a head initialised as the zero-shot classifier); wise-ft (full, then average the',
    'weights half-way back to the original model); lora (low-rank matrices beside the weights); flyp (CLIP’s own loss on',
    'images and prompts); lit (text encoder only); linear-probe, coop, tip-adapter, tip-adapter-f (the model does not',
    'change; features are computed once). DIR works as --model DIR; except after lora, flyp and lit it predicts with its',
    'own classifier. It holds result.json, and for methods with steps results.jsonl, validation.jsonl, tensorboard/ and',
    'curves.svg. Ctrl-C saves and stops; the same command with --resume continues.',
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
    const notices = createUseNotices(terminal)
    const download = downloading(terminal)
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
      onNotice: notices.onNotice,
      signal: terminal.signal,
      onDownload: download.onProgress,
      onWait: download.onWait,
    })
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

const isMethod = (text: string | undefined): text is FinetuneOptions['method'] =>
  methods.some((method) => method === text)

const missingOr = (text: string | undefined): string => (text === undefined ? 'is missing' : `is '${text}'`)

function finetuneOptions(values: FinetuneValues) {
  const { steps, epochs, alpha, noAugment, rank, scaling, towers } = values
  if (steps !== undefined && epochs !== undefined) {
    throw new UsageError('--steps and --epochs are two answers to the same question; give one')
  }
  if (values.method === 'wise-ft' && alpha !== undefined && alpha > 1) {
    throw new UsageError(`--alpha of wise-ft is between 0 and 1; found ${alpha}`)
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

/** The results of a run, and the predictions for the same images before and after. */
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

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
