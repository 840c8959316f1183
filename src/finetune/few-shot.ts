// Few-shot sampling: N random images of each class, from a seed; and the default validation set, a tenth of the images.

import type { Order, Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import { labelOf } from '../evaluate/labelled-data.ts'
import { createRandom } from '../random.ts'
import { fillTemplates } from '../zero-shot/prompts.ts'

/**
 * `shots` images of each class; all images of a class that has fewer. With the same seed, fewer shots are a subset of more shots.
 * Broken samples stay in the source, so that they are reported.
 */
export async function fewShot(source: Source, shots: number, seed: number): Promise<Source> {
  const { byClass, broken } = await shuffledByClass(source, 'shots', seed)
  const chosen = [...byClass.values()].flatMap((keys) => keys.slice(0, shots))
  return subset(source, { keys: new Set(chosen), broken }, `${source.name}, ${shots} of each class`)
}

/**
 * A tenth of each class for validation, at least one image, and the rest for training. A class of one image is for training.
 *
 * @throws UsageError if that leaves no validation images
 */
export async function heldOutTenth(source: Source, seed: number): Promise<{ train: Source; val: Source }> {
  const { byClass, broken } = await shuffledByClass(source, 'validation', seed)
  const held: string[] = []
  const rest: string[] = []
  for (const keys of byClass.values()) {
    const count = keys.length < 2 ? 0 : Math.max(1, Math.round(keys.length / 10))
    // One by one: a call with more than about 100,000 arguments overflows the stack.
    keys.forEach((key, i) => {
      if (i < count) held.push(key)
      else rest.push(key)
    })
  }
  if (held.length === 0) {
    throw new UsageError(
      `${source.name}: one image of each class leaves none for validation; give other images as \`validation\``,
    )
  }
  return {
    train: subset(source, { keys: new Set(rest), broken }, source.name),
    val: subset(source, { keys: new Set(held), broken: new Set() }, `a tenth of ${source.name}`),
  }
}

/** Keys of each class, shuffled by the seed and the class's name; and the keys of broken samples. */
async function shuffledByClass(source: Source, purpose: string, seed: number) {
  const byClass = new Map<string, string[]>()
  const broken = new Set<string>()
  for await (const sample of source.samples({ seed: 0, epoch: 0, shuffle: false })) {
    if ('reason' in sample) {
      broken.add(sample.key)
      continue
    }
    const label = labelOf(sample, source)
    const keys = byClass.get(label)
    if (keys) keys.push(sample.key)
    else byClass.set(label, [sample.key])
  }
  for (const [label, keys] of byClass) createRandom(purpose, seed, label).shuffle(keys)
  return { byClass, broken }
}

/** The samples of a source with these keys, in its order. */
export function subset(
  source: Source,
  { keys, broken }: { keys: ReadonlySet<string>; broken: ReadonlySet<string> },
  name: string,
): Source {
  return {
    ...source,
    name,
    size: keys.size + broken.size,
    async *samples({ skip = 0, ...order }: Order) {
      let index = 0
      for await (const sample of source.samples(order)) {
        if (('reason' in sample ? broken : keys).has(sample.key) && index++ >= skip) yield sample
      }
    },
  }
}

/** A source whose captions are its classes' prompts. @param words a class's name in prompts. Default: the folder's name */
export function withPrompts(
  source: Source,
  templates: readonly string[],
  words: ReadonlyMap<string, string> = new Map(),
): Source {
  return {
    ...source,
    async *samples(order) {
      for await (const sample of source.samples(order)) {
        if ('reason' in sample) {
          yield sample
          continue
        }
        const label = labelOf(sample, source)
        const word = words.get(label) ?? label
        yield { ...sample, captions: fillTemplates(templates, word) }
      }
    },
  }
}
