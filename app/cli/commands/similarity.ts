// `typeclip similarity`: the cosine of each image with each text.

import { UsageError } from 'typeclip/errors'
import { defineCommand } from '../command.ts'
import { embedImages, embedTexts, noImages } from '../embeddings.ts'
import { findImages } from '../images.ts'
import { startJob } from '../job.ts'
import { addressFlags, imageFlags, longTextFlags, modelFlags, onLong, withModel } from '../model.ts'
import { shortened, table } from '../table.ts'
import { namedTexts } from '../texts.ts'

const longestHeading = 24

export const command = defineCommand({
  usage: 'IMAGE… --text S… [flags]',
  about: [
    'Every word after --text up to the next flag is a text; --text may also be given again. Cosines are between',
    '-1 and 1; for a real CLIP, 0.3 is already near. --json adds the logits: cosines times the model’s scale.',
    'IMAGE is a file, a folder (every image in it and below), a glob, an http(s) address, or - for the bytes of',
    'one image on standard input.',
  ],
  flags: {
    text: { type: 'texts', value: 'S', following: true, help: 'texts to compare with' },
    json: {
      type: 'switch',
      help: 'one line an image: {"path", "texts": [{"text", "cosine", "logit"}…]}, in the order given',
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

      const rows: string[][] = [['', ...texts.map(({ text }) => shortened(text, longestHeading))]]
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
          rows.push([path, ...cosines.map((cosine) => cosine.toFixed(4))])
        }
      }
      if (!values.json)
        for (const line of table(rows, ['left', ...texts.map(() => 'right' as const)])) await terminal.print(line)
      return job.end()
    })
  },
})

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
