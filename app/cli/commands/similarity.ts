// `typeclip similarity`: the cosine of each image with each text.

import { UsageError } from 'typeclip/errors'
import { findImages, imageWords } from '../inputs/images.ts'
import { namedTexts } from '../inputs/texts.ts'
import { addressFlags, imageFlags, longTextFlags, modelFlags, onLong, withModel } from '../model-flags.ts'
import { embedImages, embedTexts, noImages } from '../outputs/embeddings.ts'
import { startJob } from '../outputs/job.ts'
import { defineCommand } from '../shell/command.ts'
import { onOneLine, shortened, table } from '../shell/table.ts'

const [maxHeading, maxText] = [24, 72]

export const command = defineCommand({
  usage: 'IMAGE… --text S… [flags]',
  about: [
    'Every word after --text, up to the next flag, is a text; --text may be repeated. One image: a line per text, the',
    'best first. Several images: a line per image, sorted by the first text. Cosines are between -1 and 1; with a large',
    'CLIP 0.3 is already high. --json keeps the order given, and adds the logits: cosine times logit scale.',
    ...imageWords,
  ],
  flags: {
    text: { type: 'texts', value: 'S', following: true, help: 'texts to compare with' },
    json: {
      type: 'switch',
      help: 'one line per image: {"path", "texts": [{"text", "cosine", "logit"}…]}',
    },
    ...longTextFlags,
    ...imageFlags,
    ...addressFlags,
    ...modelFlags,
  },
  examples: [
    'typeclip similarity photo.jpg --text "a cat" "a dog"',
    'typeclip similarity photos --text "a sunset over the sea" --json',
  ],
  async run(words, values, terminal) {
    if (values.text.length === 0) throw new UsageError('no text was given: --text "a cat" "a dog"')
    const long = onLong(values)
    const found = await findImages(words, terminal)
    if (found.images.length === 0) return noImages(found, terminal)
    return withModel(values, ['image', 'text'], terminal, async (clip) => {
      const job = startJob(terminal, 'input', found.images.length + values.text.length)
      const options = { normalize: true, onLong: long, terminal, job }
      const texts: { text: string; embedding: Float32Array }[] = []
      for await (const text of embedTexts(clip, namedTexts(values.text, undefined, terminal), options)) texts.push(text)
      if (texts.length === 0) {
        job.end()
        return 2
      }

      const results: { path: string; cosines: number[] }[] = []
      for await (const { path, embedding } of embedImages(clip, found, options)) {
        const cosines = texts.map((text) => dot(text.embedding, embedding))
        if (values.json) {
          const scores = texts.map(({ text }, i) => ({
            text,
            cosine: cosines[i]!,
            logit: cosines[i]! * clip.logitScale + clip.logitBias,
          }))
          await terminal.print(JSON.stringify({ path, texts: scores }))
        } else {
          results.push({ path, cosines })
        }
      }
      if (results.length > 0) {
        const names = texts.map(({ text }) => text)
        for (const line of found.images.length > 1 ? byImage(results, names) : byText(results[0]!, names)) {
          await terminal.print(line)
        }
      }
      return job.end()
    })
  },
})

interface Result {
  path: string
  /** One for each text. */
  cosines: number[]
}

/** One image: a row for each text, the best first. */
function byText({ path, cosines }: Result, texts: readonly string[]): string[] {
  const rows = texts
    .map((text, i) => ({ text, cosine: cosines[i]! }))
    .sort((a, b) => b.cosine - a.cosine)
    .map(({ text, cosine }) => [shortened(text, maxText), cosine.toFixed(4)])
  return table([[onOneLine(path), 'cosine'], ...rows], ['left', 'right'])
}

/** Several images: a row for each, the best for the first text first. */
function byImage(results: readonly Result[], texts: readonly string[]): string[] {
  const rows = [...results]
    .sort((a, b) => b.cosines[0]! - a.cosines[0]!)
    .map(({ path, cosines }) => [onOneLine(path), ...cosines.map((cosine) => cosine.toFixed(4))])
  const heading = ['image', ...texts.map((text) => shortened(text, maxHeading))]
  return table([heading, ...rows], ['left', ...texts.map(() => 'right' as const)])
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
