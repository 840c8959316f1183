// A part of a data set set aside: training data on one side, validation data on the other. A sample's side is drawn from
// its key, so that it stays there whatever else the data holds.

import { UsageError } from '../errors.ts'
import { createRandom } from '../random.ts'
import { counted } from './counted.ts'
import type { Order, Sample, Skipped, Source } from './sample.ts'

/**
 * Reads through the data once, to count.
 *
 * @param share of all samples that are set aside, 0 to 1
 * @throws UsageError where a side would be empty
 */
export async function holdOut(
  source: Source,
  { share, seed }: { share: number; seed: number },
): Promise<{ rest: Source; held: Source }> {
  const isHeld = ({ key }: Sample | Skipped) => createRandom('held out', seed, key).next() < share
  let count = 0
  for await (const sample of source.samples({ seed: 0, epoch: 0, shuffle: false })) if (isHeld(sample)) count++
  if (count === 0 || count === source.size) {
    throw new UsageError(
      `${source.name}: ${counted(source.size, 'sample')} ${source.size === 1 ? 'is' : 'are'} too few to set a part of ${share} aside; give other data as \`validation\``,
    )
  }
  return {
    rest: part(source, { size: source.size - count, of: (sample) => !isHeld(sample) }),
    held: { ...part(source, { size: count, of: isHeld }), name: `${share} of ${source.name}` },
  }
}

function part(source: Source, { size, of }: { size: number; of: (sample: Sample | Skipped) => boolean }): Source {
  return {
    ...source,
    size,
    async *samples({ skip = 0, ...order }: Order) {
      let place = 0
      for await (const sample of source.samples(order)) if (of(sample) && place++ >= skip) yield sample
    },
  }
}
