// Fine-tuning (§3.2 and later methods): from a model and labelled images to a fine-tuned model folder, with its accuracy before and
// after.

import { join } from 'node:path'
import { sourceOf } from '../data/given.node.ts'
import type { Skipped } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import { type ClassificationResult, evaluateClassifier } from '../evaluate/evaluate-classifier.node.ts'
import { classNames, severalClasses } from '../evaluate/labelled-data.ts'
import { replaceJson } from '../files/atomic.node.ts'
import { inRunFolder } from '../training/run/folder.node.ts'
import { writeModel } from '../training/run/saved-model.node.ts'
import { columnsOf } from '../training/train-options.ts'
import { readClassifier, writeClassifier } from '../zero-shot/classifier-file.node.ts'
import { zeroShotClassifier } from '../zero-shot/prompt-ensemble.ts'
import { defaultTemplates } from '../zero-shot/prompts.ts'
import { cachedFeatures } from './features.node.ts'
import { fewShot, heldOutTenth, withPrompts } from './few-shot.ts'
import type { MethodEvent, Task } from './method.ts'
import { checkOptions, finetuneMethods, type MethodName, type MethodOptions } from './methods.node.ts'
import type { CommonOptions } from './options.ts'
import { openOriginal } from './original.node.ts'
import { checkClasses } from './readable.node.ts'
import { evaluated } from './training-loop.node.ts'

/** Options of `finetune`: those of every method, and the method's own. */
export type FinetuneOptions = {
  [Name in MethodName]: CommonOptions & { method: Name } & MethodOptions[Name]
}[MethodName]

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
  /** The validation of the original and of the fine-tuned model. */
  | ({ kind: 'evaluated'; what: 'zero-shot' | 'fine-tuned'; data: string; details: ClassificationResult } & Accuracy)
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
 * for await (const event of finetune({ method: 'lora', data: 'photos', out: 'run', epochs: 5 })) {
 *   if (event.kind === 'result') console.log(event.result.zeroShot.top1, event.result.top1)
 * }
 * ```
 */
export async function* finetune(options: FinetuneOptions): AsyncGenerator<FinetuneEvent, void> {
  const { out, resume = false } = options
  for (const message of checkOptions(options)) yield { kind: 'notice', message }
  const sources = await sourcesOf(options)
  for (const message of sources.notices) yield { kind: 'notice', message }
  yield* inRunFolder(out, resume, (before) => inFolder(options, sources, before))
}

type Sources = Awaited<ReturnType<typeof sourcesOf>>

async function* inFolder(
  options: FinetuneOptions,
  opened: Sources,
  before: Task['before'],
): AsyncGenerator<FinetuneEvent, void> {
  const { method, out, seed = 0, shots, signal, exifRotate, words } = options
  const began = performance.now()
  const { train, val } = await splitOf(opened, options)
  const templates = options.templates?.length ? options.templates : defaultTemplates
  const classes = severalClasses(train)
  const classWords = checkedWords(classes, words)
  const skips = createSkips()
  const { name, clip, model } = await openOriginal(options)
  try {
    await checkClasses(train, classes, { preprocessing: clip.preprocessing, ...options })
    const zeroShot = await zeroShotClassifier(clip, classWords, {
      templates,
      onLong: 'truncate',
      ...(signal && { signal }),
    })
    const sources = { train: withPrompts(train, templates, words), val: withPrompts(val, templates, words) }
    const zeroShotResult = await evaluateClassifier(clip, zeroShot, sources.val, { words, signal })
    yield* skips.found(zeroShotResult.skipped)
    yield { kind: 'evaluated', what: 'zero-shot', data: val.name, details: zeroShotResult, ...accuracy(zeroShotResult) }
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
    const methodResult = yield* skips.through(finetuneMethods[method].run(task))
    if (signal?.aborted) return
    const finetunedResult = await evaluated(out, task)
    yield {
      kind: 'evaluated',
      what: 'fine-tuned',
      data: val.name,
      details: finetunedResult,
      ...accuracy(finetunedResult),
    }
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

/** Reports each sample that cannot be used once, whether a validation, the features or a training step found it. */
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

/** Opens what is given by name. @throws UsageError for data without classes */
async function sourcesOf(options: FinetuneOptions) {
  const { data, validation, signal } = options
  const opening = { ...columnsOf(options), classes: true, signal }
  const all = await sourceOf(data, opening)
  const validationSet = validation === undefined ? undefined : await sourceOf(validation, opening)
  return { all, validationSet, notices: [...(all.notices ?? []), ...(validationSet?.notices ?? [])] }
}

/** The validation tenth is taken from all images, before `shots` selects training images. */
async function splitOf({ all, validationSet }: Sources, { seed = 0, shots }: FinetuneOptions) {
  classNames(all) // throws without classes, before anything is read
  const { train, val } = validationSet ? { train: all, val: validationSet } : await heldOutTenth(all, seed)
  return { train: shots === undefined ? train : await fewShot(train, shots, seed), val }
}

function checkedWords(classes: readonly string[], words: ReadonlyMap<string, string> = new Map()): string[] {
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
