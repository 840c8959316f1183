// Fine-tuning (§3.2 and what came after): a model and labelled pictures to a folder that knows them better, and by how much.

import { join } from 'node:path'
import { openSource } from '../data/open.node.ts'
import type { Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import { classNames } from '../evaluate/embed-samples.ts'
import { type ClassificationResult, evaluateClassifier } from '../evaluate/evaluate-classifier.ts'
import { type LoadOptions, load } from '../load.node.ts'
import type { Activation } from '../model/config.ts'
import { starter } from '../open-model.node.ts'
import { replaceFile } from '../training/checkpoint.node.ts'
import { openInitialModel } from '../training/initial-model.node.ts'
import { inRunFolder } from '../training/run-folder.node.ts'
import { writeModel } from '../training/saved-model.node.ts'
import { zeroShotClassifier } from '../zero-shot/classifier.ts'
import { readClassifier, writeClassifier } from '../zero-shot/classifier-file.node.ts'
import { cachedFeatures } from './features.node.ts'
import { fewShot, heldOutTenth, withPrompts } from './few-shot.ts'
import { type FinetuneSettings, loading, type MethodEvent, type Task } from './method.ts'
import { type MethodName, methods } from './methods.node.ts'
import { judged } from './trained.node.ts'

/** Options of `finetune`. */
export interface FinetuneOptions extends FinetuneSettings {
  method: MethodName
  /** As `load` takes it; the model that ships, if left out. */
  model?: string | undefined
  activation?: Activation | undefined
  /** Labelled pictures to learn from: a source, or what `openSource` takes. */
  train: string | Source
  /** Labelled pictures to judge by; a seeded tenth of `train`, if left out. */
  val?: string | Source | undefined
  /** A folder: new or empty, unless the run is to go on in it. */
  out: string
  /** So many pictures of each class, by lot; all, if left out. */
  shots?: number | undefined
  /** Each with `{}` for the class; `a photo of a {}.`, if left out. */
  templates?: readonly string[] | undefined
  /** What prompts call a class, by its folder's name. */
  words?: ReadonlyMap<string, string> | undefined
  /** Of the model, where it is fetched: as `load`'s `onProgress` and `onWait`. */
  onDownload?: LoadOptions['onProgress'] | undefined
  onWait?: LoadOptions['onWait'] | undefined
}

export type Accuracy = Pick<ClassificationResult, 'top1' | 'top5' | 'meanPerClass' | 'n'>

/** Written as `result.json` too. */
export interface FinetuneResult extends Accuracy {
  method: MethodName
  model: string
  out: string
  /** The same pictures before, by words alone. */
  zeroShot: Accuracy
  classes: readonly string[]
  /** Pictures that were learnt from. */
  trained: number
  shots: number | null
  seed: number
  templates: readonly string[]
  /** Whether the folder answers with a classifier of its own; else it takes labels. */
  classifier: boolean
  seconds: number
  [more: string]: unknown
}

/** What happens during fine-tuning, in order. */
export type FinetuneEvent =
  | MethodEvent
  | ({ kind: 'judged'; what: 'zero-shot' | 'fine-tuned'; data: string; details: ClassificationResult } & Accuracy)
  | { kind: 'result'; result: FinetuneResult }

const defaultTemplates = ['a photo of a {}.']

/**
 * Fine-tunes a model on labelled images and yields what happens. `load(out)` is the result, together with
 * `readClassifier(out)` for the methods that end in a classifier.
 *
 * @throws UsageError for data without classes, two classes with the same label, options that do not fit together
 *
 * @example
 * ```ts
 * import { finetune } from 'typeclip/finetune'
 *
 * for await (const event of finetune({ method: 'lora', train: 'photos', out: 'run', epochs: 5 })) {
 *   if (event.kind === 'result') console.log(event.result.zeroShot.top1, event.result.top1)
 * }
 * ```
 */
export async function* finetune(options: FinetuneOptions): AsyncGenerator<FinetuneEvent, void> {
  const { method, out, resume = false } = options
  if (!Object.hasOwn(methods, method)) {
    throw new UsageError(`there is no method '${method}'; there are ${Object.keys(methods).join(', ')}`)
  }
  yield* inRunFolder(out, resume, (before) => inFolder(options, before))
}

async function* inFolder(options: FinetuneOptions, before: Task['before']): AsyncGenerator<FinetuneEvent, void> {
  const { method, out, seed = 0, shots, signal, activation, exifRotate } = options
  const began = performance.now()
  const { train, val, words } = await dataOf(options)
  const templates = options.templates?.length ? options.templates : defaultTemplates
  const classes = classNames(train)
  if (classes.length < 2) {
    throw new UsageError(
      `${train.name} has one class alone, ${classes[0]}; a classifier needs two at least, each in a folder of its own`,
    )
  }
  const named = checkedWords(classes, words)
  const name = options.model ?? starter
  const { onDownload, onWait } = options
  const clip = await load(options.model, {
    ...loading(options),
    ...(activation && { activation }),
    ...(onDownload && { onProgress: onDownload }),
    ...(onWait && { onWait }),
  })
  try {
    if (clip.likelihood || !clip.config.text) {
      throw new UsageError(`${name} has no joint embedding of pictures and texts; choose a model with both towers`)
    }
    const opened = await openInitialModel(name, { activation, signal, onWait })
    const model = { ...opened, preprocessing: clip.preprocessing }
    const zeroShot = await zeroShotClassifier(clip, named, { templates, onLong: 'truncate', ...(signal && { signal }) })
    const sources = { train: withPrompts(train, templates, words), val: withPrompts(val, templates, words) }
    const asItWas = await evaluateClassifier(clip, zeroShot, sources.val, { words, signal })
    yield { kind: 'judged', what: 'zero-shot', data: val.name, details: asItWas, ...accuracy(asItWas) }
    const task: Task = {
      clip,
      model,
      classes,
      words: named,
      templates,
      zeroShot,
      ...sources,
      out,
      settings: options,
      identity: {
        ...{ method, model: name, shots: shots ?? null, templates },
        ...(exifRotate && { exifRotate }),
      },
      before,
      features: (which) =>
        cachedFeatures(clip, sources[which], join(out, 'features', `${which}.safetensors`), { signal, exifRotate }),
      async answerWith(classifier) {
        await writeModel(out, { model })
        await writeClassifier(out, classifier)
      },
    }
    const more = yield* methods[method].run(task)
    if (signal?.aborted) return
    const asItIs = await judged(out, task)
    yield { kind: 'judged', what: 'fine-tuned', data: val.name, details: asItIs, ...accuracy(asItIs) }
    const result: FinetuneResult = {
      method,
      model: clip.name,
      out,
      ...accuracy(asItIs),
      zeroShot: accuracy(asItWas),
      classes,
      trained: train.size,
      shots: shots ?? null,
      seed,
      templates,
      classifier: (await readClassifier(out)) !== undefined,
      seconds: (performance.now() - began) / 1000,
      ...more,
    }
    await replaceFile(join(out, 'result.json'), `${JSON.stringify(result, null, 2)}\n`)
    yield { kind: 'result', result }
  } finally {
    await clip.dispose()
  }
}

/** The tenth that judges is taken from all pictures, before any are drawn to learn from. */
async function dataOf({ train, val, seed = 0, shots, words = new Map(), signal }: FinetuneOptions) {
  const opened = (source: string | Source) =>
    typeof source === 'string' ? openSource(source, { signal, templates: defaultTemplates }) : Promise.resolve(source)
  const all = await opened(train)
  classNames(all)
  const parts = val === undefined ? await heldOutTenth(all, seed) : { train: all, val: await opened(val) }
  return { ...parts, train: shots === undefined ? parts.train : await fewShot(parts.train, shots, seed), words }
}

function checkedWords(classes: readonly string[], words: ReadonlyMap<string, string>): string[] {
  const named = classes.map((name) => words.get(name) ?? name)
  const twice = named.findIndex((word, i) => named.indexOf(word) !== i)
  if (twice >= 0) {
    throw new UsageError(
      `two classes are both called "${named[twice]}"; so no prompt can tell them apart: give each its own name with \`words\``,
    )
  }
  return named
}

const accuracy = ({ top1, top5, meanPerClass, n }: Accuracy): Accuracy => ({ top1, top5, meanPerClass, n })
