// `typeclip train`: a CLIP from a person's own images and captions (§2.3 to §2.5).

import { UsageError } from 'typeclip/errors'
import type { Augmentation, TrainOptions } from 'typeclip/training'
import { columnFlags, dataFlags, inputsOf } from '../inputs/training-data.ts'
import { imageFlags, modelFlags } from '../model-flags.ts'
import { progressLine } from '../outputs/job.ts'
import { createTrainingView } from '../outputs/training-view.ts'
import { createUseNotices } from '../outputs/use-notices.ts'
import type { Values } from '../shell/arguments.ts'
import { defineCommand } from '../shell/command.ts'

const objectives = ['contrastive', 'siglip', 'bow', 'lm', 'bow-contrastive'] as const

const flags = {
  ...dataFlags,
  model: {
    type: 'text',
    value: 'CONFIG.json|M',
    help: 'open_clip config (.json) to train from scratch, or a checkpoint to continue from',
  },
  out: { type: 'text', value: 'DIR', help: 'folder for all results: new or empty, unless --resume' },
  objective: {
    type: 'text',
    value: 'O',
    choices: objectives,
    help: "what to minimise. Default: contrastive, CLIP's own loss",
  },
  batch: { type: 'count', value: 'N', help: 'examples per step. Default: 128' },
  chunk: { type: 'count', value: 'N', help: 'examples in memory at a time; results are the same as without' },
  recompute: { type: 'switch', help: 'recompute transformer blocks in the backward pass: slower, far less memory' },
  epochs: { type: 'count', value: 'N', help: 'passes over the data. Default: 1' },
  steps: { type: 'count', value: 'N', help: 'steps, instead of --epochs' },
  lr: { type: 'number', option: 'learningRate', value: 'X', help: 'peak learning rate. Default: 5e-4' },
  schedule: {
    type: 'text',
    value: 'S',
    choices: ['cosine', 'constant'],
    help: 'learning-rate schedule. Default: cosine',
  },
  warmup: { type: 'count', value: 'N', from: 0, help: 'warm-up steps. Default: 2000, at most a tenth of all steps' },
  weightDecay: { type: 'number', value: 'X', help: 'of parameters with two or more dimensions. Default: 0.2' },
  beta1: { type: 'number', value: 'X', below: 1, help: "AdamW's. Default: 0.9" },
  beta2: { type: 'number', value: 'X', below: 1, help: "AdamW's. Default: 0.98" },
  eps: { type: 'number', value: 'X', above: 0, help: "AdamW's. Default: 1e-6" },
  clipGrad: {
    type: 'number',
    option: 'clipGradient',
    value: 'X',
    above: 0,
    help: 'clip the gradient to this norm. Default: no clipping',
  },
  freeze: {
    type: 'text',
    value: 'T',
    choices: ['image', 'text'],
    help: 'encoder that is not trained',
  },
  noShuffle: { type: 'switch', option: 'shuffle', help: 'read the data in its own order' },
  noAugment: { type: 'switch', option: 'augment', help: 'preprocess images as for evaluation' },
  cropScale: { type: 'text', value: 'MIN,MAX', help: 'share of each image that a random crop keeps. Default: 0.9,1' },
  flip: { type: 'switch', help: 'mirror half of the images' },
  saveEvery: { type: 'count', value: 'N', help: 'steps between checkpoints. Default: 200' },
  keep: { type: 'count', value: 'N', help: 'checkpoints to keep. Default: 2' },
  patience: { type: 'count', value: 'N', help: 'stop after N validations without improvement' },
  logEvery: { type: 'count', value: 'N', help: 'steps between lines of results.jsonl. Default: 1' },
  seed: { type: 'count', value: 'N', from: 0, help: 'random seed. Default: 0' },
  resume: { type: 'switch', help: 'continue from the last checkpoint in DIR; start if there is none' },
  json: { type: 'switch', help: 'every event as one line of JSON: {"kind": "step", "loss", …}' },
  activation: modelFlags.activation,
  maxPixels: imageFlags.maxPixels,
  exifRotate: imageFlags.exifRotate,
  threads: modelFlags.threads,
  ...columnFlags,
} as const

type TrainValues = Values<typeof flags>

export const command = defineCommand({
  usage: '--data SOURCE… --model CONFIG.json|CHECKPOINT --out DIR [flags]',
  about: [
    'SOURCE is a folder of images with captions beside them (x.jpg, x.txt), a folder of class folders, a table (.csv,',
    '.tsv, .jsonl; columns image and caption), or WebDataset shards ("shards/{000..099}.tar", also over http).',
    'DIR works as --model DIR from the first checkpoint on. Beside the model it holds results.jsonl, validation.jsonl,',
    'tensorboard/, checkpoints/, best/, and at the end curves.svg and curves.png.',
    'Ctrl-C saves a checkpoint and stops; the same command with --resume continues, with the same numbers as an',
    'uninterrupted run.',
  ],
  flags,
  examples: [
    'typeclip train --data photos --model tiny.json --out run --epochs 30 --val more-photos',
    'typeclip train --data pairs.csv --model openai/clip-vit-base-patch32 --out run --lr 1e-5 --freeze image',
    'typeclip train --data classes --template "a photo of a {}." --model tiny.json --out run --resume',
  ],
  async run(words, values, terminal) {
    if (words.length > 0) throw new UsageError(`train takes flags only; found '${words[0]}'`)
    const { model, out } = values
    if (model === undefined)
      throw new UsageError("--model is missing: open_clip's configuration as .json, or a checkpoint")
    if (out === undefined) throw new UsageError('--out is missing: the folder that the model and the logs go into')
    const options = trainOptions(values)
    const { train } = await import('typeclip/training')
    const notices = createUseNotices(terminal)
    const view = createTrainingView(terminal, values.json)
    terminal.status('looking at the data')
    const events = train({
      ...options,
      ...(await inputsOf(values, terminal)),
      model,
      out,
      onNotice: notices.onNotice,
      onValidation: (done, of) => terminal.status(`validation: ${progressLine(done, of, 'image', Number.NaN)}`),
    })
    for await (const event of events) await view.show(event)
    terminal.status(undefined)
    notices.end()
    terminal.signal.throwIfAborted()
    if (!values.json) await terminal.print(`the model is in ${out}; its curves are ${out}/curves.svg`)
    return view.skipped() > 0 ? 1 : 0
  },
})

function trainOptions(values: TrainValues): Omit<TrainOptions, 'model' | 'data' | 'out'> {
  const { steps, epochs, lr, beta1, beta2, eps, weightDecay, patience, val } = values
  if (steps !== undefined && epochs !== undefined) {
    throw new UsageError('--steps and --epochs are two answers to the same question; give one')
  }
  if (patience !== undefined && val === undefined) {
    throw new UsageError('--patience counts validations; give --val SOURCE too')
  }
  return {
    activation: values.activation,
    objective: values.objective,
    batch: values.batch,
    chunk: values.chunk,
    recompute: values.recompute,
    steps,
    epochs,
    learningRate: lr,
    schedule: values.schedule,
    warmup: values.warmup,
    optimizer: { beta1, beta2, eps, weightDecay },
    clipGradient: values.clipGrad,
    freeze: values.freeze,
    shuffle: !values.noShuffle,
    augment: augmentation(values),
    maxPixels: values.maxPixels,
    exifRotate: values.exifRotate,
    saveEvery: values.saveEvery,
    keep: values.keep,
    patience,
    logEvery: values.logEvery,
    seed: values.seed,
    threads: values.threads,
    resume: values.resume,
  }
}

function augmentation({ noAugment, cropScale, flip }: TrainValues): Augmentation | false {
  if (noAugment) {
    if (cropScale === undefined && !flip) return false
    throw new UsageError('--no-augment is the transform of evaluation; leave it out, or --crop-scale and --flip')
  }
  return { ...(cropScale !== undefined && { scale: range(cropScale) }), ...(flip && { flip: 0.5 }) }
}

function range(text: string): [number, number] {
  const [low, high, ...more] = text.split(',').map(Number)
  if (more.length === 0 && low! > 0 && low! <= high! && high! <= 1) return [low!, high!]
  throw new UsageError(`--crop-scale takes two shares of an image, the smaller first: 0.5,1; found '${text}'`)
}
