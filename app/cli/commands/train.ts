// `typeclip train`: a CLIP from a person's own images and captions (§2.3 to §2.5).

import type { Augmentation, TrainOptions } from 'typeclip/training'
import type { Values } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { progressLine } from '../job.ts'
import { modelFlags } from '../model.ts'
import { columnFlags, dataFlags, openData } from '../training-data.ts'
import { createTrainingView } from '../training-view.ts'
import { UsageError } from '../usage-error.ts'

const objectives = ['contrastive', 'siglip', 'bow', 'lm', 'bow-contrastive'] as const

const flags = {
  ...dataFlags,
  model: {
    type: 'text',
    value: 'CONFIG.json|M',
    help: "open_clip's model configuration, begun anew; or a checkpoint, gone on from",
  },
  out: { type: 'text', value: 'DIR', help: 'everything goes into this folder: new or empty, unless --resume' },
  objective: { type: 'text', value: 'O', choices: objectives, help: "what is minimised; else contrastive, CLIP's own" },
  batch: { type: 'count', value: 'N', help: 'examples in a step; else 128' },
  chunk: { type: 'count', value: 'N', help: 'examples in memory at a time; the numbers stay those of --batch' },
  recompute: { type: 'switch', help: "compute transformer blocks' insides twice: slower, in far less memory" },
  epochs: { type: 'count', value: 'N', help: 'times through the data; else 1' },
  steps: { type: 'count', value: 'N', help: 'steps, in place of --epochs' },
  lr: { type: 'number', value: 'X', help: 'the learning rate at its highest; else 5e-4' },
  schedule: { type: 'text', value: 'S', choices: ['cosine', 'constant'], help: 'of the learning rate; else cosine' },
  warmup: { type: 'count', value: 'N', from: 0, help: 'steps of warm-up; else 2000, but at most a tenth of all' },
  weightDecay: { type: 'number', value: 'X', help: 'of all that has two dimensions or more; else 0.2' },
  beta1: { type: 'number', value: 'X', below: 1, help: 'of AdamW; else 0.9' },
  beta2: { type: 'number', value: 'X', below: 1, help: 'of AdamW; else 0.98' },
  eps: { type: 'number', value: 'X', above: 0, help: 'of AdamW; else 1e-6' },
  clipGrad: { type: 'number', value: 'X', above: 0, help: 'the longest gradient, by its norm; else any' },
  freeze: { type: 'text', value: 'T', choices: ['image', 'text'], help: 'a tower that is left as it is' },
  noShuffle: { type: 'switch', help: 'take the data in its own order' },
  noAugment: { type: 'switch', help: 'prepare the pictures as for evaluation' },
  cropScale: { type: 'text', value: 'MIN,MAX', help: 'share of each picture that a random crop keeps; else 0.9,1' },
  flip: { type: 'switch', help: 'mirror half of the pictures' },
  saveEvery: { type: 'count', value: 'N', help: 'steps between checkpoints; else 200' },
  keep: { type: 'count', value: 'N', help: 'checkpoints to keep; else 2' },
  patience: { type: 'count', value: 'N', help: 'end after so many validations without a better one' },
  logEvery: { type: 'count', value: 'N', help: 'steps between lines of results.jsonl; else 1' },
  seed: { type: 'count', value: 'N', from: 0, help: 'decides everything that is drawn by lot; else 0' },
  resume: { type: 'switch', help: 'go on from the last checkpoint in DIR; begin anew where there is none' },
  json: { type: 'switch', help: 'everything that happens, each as one line: {"kind": "step", "loss", …}' },
  activation: modelFlags.activation,
  threads: modelFlags.threads,
  ...columnFlags,
} as const

type TrainValues = Values<typeof flags>

export const command = defineCommand({
  usage: '--data SOURCE… --model CONFIG.json|CHECKPOINT --out DIR [flags]',
  about: [
    'SOURCE is a folder of pictures with captions beside them (x.jpg, x.txt), a folder of class folders, a table',
    '(.csv, .tsv, .jsonl; columns image and caption), or WebDataset shards ("shards/{000..099}.tar", also http).',
    'DIR works as --model DIR as soon as the first checkpoint is there. Beside the model it holds results.jsonl,',
    'validation.jsonl, tensorboard/, checkpoints/, best/, and at the end curves.svg and curves.png.',
    'Ctrl-C saves and ends. The same flags with --resume go on, to the same numbers as if nothing had happened.',
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
    const { data, val, templates } = await openData(values, terminal)
    const { judgeBy, openInitialModel, train } = await import('typeclip/training')
    const { activation, threads } = values
    const initial = await openInitialModel(model, { activation, signal: terminal.signal })
    for (const notice of initial.notices) terminal.note(notice)
    const view = createTrainingView(terminal, values.json)
    const events = train({
      ...options,
      model: initial,
      data,
      out,
      signal: terminal.signal,
      ...(val && {
        validate: judgeBy(val, {
          threads,
          signal: terminal.signal,
          ...(templates.length > 0 && { templates }),
          onProgress: (done, of) => terminal.status(`validation: ${progressLine(done, of, 'images', Number.NaN)}`),
          onSkipped: (skipped) => void view.show({ kind: 'skipped', ...skipped }),
        }),
      }),
    })
    for await (const event of events) await view.show(event)
    terminal.status(undefined)
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
  const given = <T extends object>(options: T) =>
    Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
      [K in keyof T]?: Exclude<T[K], undefined>
    }
  return {
    ...given({
      objective: values.objective,
      batch: values.batch,
      chunk: values.chunk,
      steps,
      epochs,
      learningRate: lr,
      schedule: values.schedule,
      warmup: values.warmup,
      clipGradient: values.clipGrad,
      saveEvery: values.saveEvery,
      keep: values.keep,
      patience,
      logEvery: values.logEvery,
      seed: values.seed,
      threads: values.threads,
    }),
    optimizer: given({ beta1, beta2, eps, weightDecay }),
    recompute: values.recompute,
    shuffle: !values.noShuffle,
    augment: augmentation(values),
    resume: values.resume,
    ...(values.freeze && { frozen: towers[values.freeze] }),
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
  throw new UsageError(`--crop-scale takes two shares of a picture, the smaller first: 0.5,1; found '${text}'`)
}

const isImage = (name: string): boolean => name.startsWith('visual.')
/** What the text tower is made of; temperature and bias belong to neither. */
const isText = (name: string): boolean =>
  /^(transformer\.|token_embedding\.|positional_embedding$|ln_final\.|text_projection$)/.test(name)

const towers = { image: isImage, text: isText } as const
