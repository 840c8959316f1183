// Few-shot sampling: N random images of each class, from a seed; and the default validation set, a tenth of the images.

import type { Order, Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import { labelOf } from '../evaluate/embed-samples.ts'
import { createRandom } from '../random.ts'

/**
 * `shots` images of each class, or all of a class that has fewer. With the same seed, the images of fewer shots are a subset of
 * those of more.
 */
export async function fewShot(source: Source, shots: number, seed: number): Promise<Source> {
  const byClass = await shuffledByClass(source, 'shots', seed)
  const selected = [...byClass.values()].flatMap((keys) => keys.slice(0, shots))
  return subset(source, new Set(selected), `${source.name}, ${shots} of each class`)
}

/**
 * Splits off a tenth of each class, at least one image, for validation. The image of a class with only one is for training.
 *
 * @throws UsageError if that leaves no validation images
 */
export async function heldOutTenth(source: Source, seed: number): Promise<{ train: Source; val: Source }> {
  const byClass = await shuffledByClass(source, 'validation', seed)
  const held: string[] = []
  const rest: string[] = []
  for (const keys of byClass.values()) {
    const count = keys.length < 2 ? 0 : Math.max(1, Math.round(keys.length / 10))
    held.push(...keys.slice(0, count))
    rest.push(...keys.slice(count))
  }
  if (held.length === 0) {
    throw new UsageError(
      `${source.name}: with one image per class, none are left for validation; give a validation set (\`val\`)`,
    )
  }
  return {
    train: subset(source, new Set(rest), source.name),
    val: subset(source, new Set(held), `a tenth of ${source.name}`),
  }
}

/** Keys of each class, in a random order that depends on the seed and the class's name. */
async function shuffledByClass(source: Source, purpose: string, seed: number): Promise<Map<string, string[]>> {
  const byClass = new Map<string, string[]>()
  for await (const sample of source.samples({ seed: 0, epoch: 0, shuffle: false })) {
    if ('reason' in sample) continue
    const label = labelOf(sample, source)
    byClass.set(label, [...(byClass.get(label) ?? []), sample.key])
  }
  for (const [label, keys] of byClass) createRandom(purpose, seed, label).shuffle(keys)
  return byClass
}

/** The samples of a source with these keys, in its order. */
function subset(source: Source, keys: ReadonlySet<string>, name: string): Source {
  return {
    name,
    size: keys.size,
    ...(source.labels && { labels: source.labels }),
    async *samples({ skip = 0, ...order }: Order) {
      let index = 0
      for await (const sample of source.samples(order)) {
        if (keys.has(sample.key) && index++ >= skip) yield sample
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
        yield { ...sample, captions: templates.map((template) => template.replaceAll('{}', word)) }
      }
    },
  }
}
