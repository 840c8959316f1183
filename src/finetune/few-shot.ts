// Few-shot sampling, as the literature counts it: so many pictures of each class, by lot from a seed; and the tenth of the
// pictures that judges where no others are given.

import type { Order, Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import { labelOf } from '../evaluate/embed-samples.ts'
import { createRandom } from '../random.ts'

/**
 * `shots` pictures of each class; all of a class that has fewer. The pictures of fewer shots are among those of more, with
 * the same seed.
 */
export async function fewShot(source: Source, shots: number, seed: number): Promise<Source> {
  const byClass = await shuffledByClass(source, 'shots', seed)
  const chosen = [...byClass.values()].flatMap((keys) => keys.slice(0, shots))
  return subset(source, new Set(chosen), `${source.name}, ${shots} of each class`)
}

/**
 * A tenth of each class, at least one, and the rest. A class of one picture stays on the learning side.
 *
 * @throws UsageError where that leaves nothing to judge by
 */
export async function heldOutTenth(source: Source, seed: number): Promise<{ train: Source; val: Source }> {
  const byClass = await shuffledByClass(source, 'validation', seed)
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
      `${source.name}: one image of each class leaves none for validation; give other images as \`val\``,
    )
  }
  return {
    train: subset(source, new Set(rest), source.name),
    val: subset(source, new Set(held), `a tenth of ${source.name}`),
  }
}

/** Keys of each class, in an order that the seed and the class's name decide. */
async function shuffledByClass(source: Source, purpose: string, seed: number): Promise<Map<string, string[]>> {
  const byClass = new Map<string, string[]>()
  for await (const sample of source.samples({ seed: 0, epoch: 0, shuffle: false })) {
    if ('reason' in sample) continue
    const label = labelOf(sample, source)
    const keys = byClass.get(label)
    if (keys) keys.push(sample.key)
    else byClass.set(label, [sample.key])
  }
  for (const [label, keys] of byClass) createRandom(purpose, seed, label).shuffle(keys)
  return byClass
}

/** Those samples of a source whose keys are named, in its order. */
function subset(source: Source, keys: ReadonlySet<string>, name: string): Source {
  return {
    name,
    size: keys.size,
    ...(source.labels && { labels: source.labels }),
    async *samples({ skip = 0, ...order }: Order) {
      let place = 0
      for await (const sample of source.samples(order)) {
        if (keys.has(sample.key) && place++ >= skip) yield sample
      }
    },
  }
}

/** A source whose captions are its classes' prompts. @param words what prompts call a class, where not by its folder's name */
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
