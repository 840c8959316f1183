// Fine-tuning (§3.2 and later methods): from a model and labelled images to a fine-tuned model folder, with its accuracy before and
// after.

import { join } from 'node:path'
import { type LoadOptions, load } from '../clip/load.node.ts'
import { openSource } from '../data/open.node.ts'
import type { Skipped, Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import { type ClassificationResult, evaluateClassifier } from '../evaluate/evaluate-classifier.node.ts'
import { classNames, severalClasses } from '../evaluate/labelled-data.ts'
import { replaceJson } from '../files/atomic.node.ts'
import type { Activation } from '../model/config.ts'
import { starter } from '../pretrained/open.node.ts'
import { openInitialModel } from '../training/initial-model.node.ts'
import { inRunFolder } from '../training/run/folder.node.ts'
import { writeModel } from '../training/run/saved-model.node.ts'
import { readClassifier, writeClassifier } from '../zero-shot/classifier-file.node.ts'
import { zeroShotClassifier } from '../zero-shot/prompt-ensemble.ts'
import { defaultTemplates } from '../zero-shot/prompts.ts'
import { cachedFeatures } from './features.node.ts'
import { fewShot, heldOutTenth, withPrompts } from './few-shot.ts'
import { type FinetuneSettings, loading, type MethodEvent, type Task } from './method.ts'
import { type MethodName, methods } from './methods.node.ts'
import { checkClasses } from './readable.node.ts'
import { judged } from './training-loop.node.ts'

/** Options of `finetune`. */
export interface FinetuneOptions extends FinetuneSettings {
  method: MethodName
  /** As for `load`. Default: the starter model. */
  model?: string | undefined
  activation?: Activation | undefined
  /** The training set, with classes: a source, or the argument of `openSource`. */
  train: string | Source
  /** The validation set. Default: a random tenth of `train`. */
  val?: string | Source | undefined
  /** Output folder; must be new or empty, unless `resume` is set. */
  out: string
  /** Number of random training images of each class. Default: all. */
  shots?: number | undefined
  /** Prompt templates, each with `{}` for the class. Default: `a photo of a {}.` */
  templates?: readonly string[] | undefined
  /** A class's name in prompts, by its folder's name. */
  words?: ReadonlyMap<string, string> | undefined
  /** Of the model, where it is fetched: as `load`'s `onProgress` and `onWait`. */
  onDownload?: LoadOptions['onProgress'] | undefined
  onWait?: LoadOptions['onWait'] | undefined
}

/** Accuracy on the validation images. */
export type Accuracy = Pick<ClassificationResult, 'top1' | 'top5' | 'meanPerClass' | 'n'>

/** Also written to `result.json`. */
export interface FinetuneResult extends Accuracy {
  method: MethodName
  model: string
  out: string
  /** Zero-shot accuracy of the original model on the same images. */
  zeroShot: Accuracy
  classes: readonly string[]
  /** Number of training images. */
  trained: number
  /** Images of both sets that could not be used, and why. */
  skipped: readonly Skipped[]
  shots: number | null
  seed: number
  templates: readonly string[]
  /** Whether the folder has a classifier; otherwise it is used zero-shot. */
  classifier: boolean
  seconds: number
  [more: string]: unknown
}

/** What happens during fine-tuning, in order. */
export type FinetuneEvent =
  | MethodEvent
  /** What was left out or guessed when the data was opened. */
  | { kind: 'notice'; message: string }
  | ({ kind: 'judged'; what: 'zero-shot' | 'fine-tuned'; data: string; details: ClassificationResult } & Accuracy)
  | { kind: 'result'; result: FinetuneResult }

/**
 * Fine-tunes a model on labelled images and yields what happens. `load(out)` is the result, together with
 * `readClassifier(out)` for the methods that end in a classifier.
 *
 * @throws UsageError for data without classes, two classes with the same label, a class without a readable image, options
 *   that do not fit together
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
  const { train, val, words, notices } = await dataOf(options)
  for (const message of notices) yield { kind: 'notice', message }
  const templates = options.templates?.length ? options.templates : defaultTemplates
  const classes = severalClasses(train)
  const classWords = checkedWords(classes, words)
  const name = options.model ?? starter
  const { onDownload, onWait } = options
  const skips = createSkips()
  const clip = await load(options.model, {
    ...loading(options),
    ...(activation && { activation }),
    ...(onDownload && { onProgress: onDownload }),
    ...(onWait && { onWait }),
  })
  try {
    if (clip.likelihood || !clip.config.text) {
      throw new UsageError(`${name} has no joint embedding of images and texts; choose a model with both encoders`)
    }
    await checkClasses(train, classes, { preprocessing: clip.preprocessing, ...options })
    const opened = await openInitialModel(name, { activation, signal, onWait })
    const model = { ...opened, preprocessing: clip.preprocessing }
    const zeroShot = await zeroShotClassifier(clip, classWords, {
      templates,
      onLong: 'truncate',
      ...(signal && { signal }),
    })
    const sources = { train: withPrompts(train, templates, words), val: withPrompts(val, templates, words) }
    const zeroShotResult = await evaluateClassifier(clip, zeroShot, sources.val, { words, signal })
    yield* skips.found(zeroShotResult.skipped)
    yield { kind: 'judged', what: 'zero-shot', data: val.name, details: zeroShotResult, ...accuracy(zeroShotResult) }
    const task: Task = {
      clip,
      model,
      classes,
      words: classWords,
      templates,
      zeroShot,
      ...sources,
      out,
      settings: options,
      identity: {
        ...{ method, model: name, shots: shots ?? null, templates, words: classWords },
        valDigest: (await val.digest?.()) ?? null,
        ...(exifRotate && { exifRotate }),
      },
      before,
      async features(which) {
        const file = join(out, 'features', `${which}.safetensors`)
        const found = await cachedFeatures(clip, sources[which], file, { signal, exifRotate })
        skips.later(found.skipped)
        return found
      },
      async answerWith(classifier) {
        await writeModel(out, { model })
        await writeClassifier(out, classifier)
      },
    }
    const methodResult = yield* skips.through(methods[method].run(task))
    if (signal?.aborted) return
    const finetunedResult = await judged(out, task)
    yield { kind: 'judged', what: 'fine-tuned', data: val.name, details: finetunedResult, ...accuracy(finetunedResult) }
    const result: FinetuneResult = {
      method,
      model: clip.name,
      out,
      ...accuracy(finetunedResult),
      zeroShot: accuracy(zeroShotResult),
      classes,
      trained: train.size,
      shots: shots ?? null,
      seed,
      templates,
      classifier: (await readClassifier(out)) !== undefined,
      seconds: (performance.now() - began) / 1000,
      ...methodResult,
      skipped: skips.all(),
    }
    await replaceJson(join(out, 'result.json'), result)
    yield { kind: 'result', result }
  } finally {
    await clip.dispose()
  }
}

/** Names each sample that cannot be used once, whatever meets it first: a validation, features, a step of training. */
function createSkips() {
  const known = new Map<string, Skipped>()
  let fresh: Skipped[] = []

  function later(skipped: readonly Skipped[]): void {
    const others = skipped.filter(({ key }) => !known.has(key))
    for (const { key, reason } of others) known.set(key, { key, reason })
    fresh.push(...others)
  }
  function* found(skipped: readonly Skipped[]): Generator<MethodEvent> {
    later(skipped)
    for (const one of fresh) yield { kind: 'skipped', ...one }
    fresh = []
  }
  async function* through<Result extends Readonly<Record<string, unknown>> | undefined>(
    events: AsyncGenerator<MethodEvent, Result>,
  ): AsyncGenerator<MethodEvent, Result> {
    for (;;) {
      const { value, done } = await events.next()
      yield* found([])
      if (done) return value
      if (value.kind === 'skipped') yield* found([value])
      else yield value
    }
  }
  return { later, found, through, all: () => [...known.values()] }
}

/** The tenth that validates is taken from all images, before any are drawn to learn from. */
async function dataOf({ train, val, seed = 0, shots, words = new Map(), signal }: FinetuneOptions) {
  const opened = (source: string | Source) =>
    typeof source === 'string' ? openSource(source, { signal, classes: true }) : Promise.resolve(source)
  const all = await opened(train)
  classNames(all) // throws without classes, before anything is read
  const parts = val === undefined ? await heldOutTenth(all, seed) : { train: all, val: await opened(val) }
  const notices = [...(all.notices ?? []), ...((val !== undefined && parts.val.notices) || [])]
  return {
    ...parts,
    train: shots === undefined ? parts.train : await fewShot(parts.train, shots, seed),
    words,
    notices,
  }
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
