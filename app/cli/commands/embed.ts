// `typeclip embed`: images and texts to a file of embeddings.

import { UsageError } from 'typeclip/errors'
import { findImages, imageWords } from '../inputs/images.ts'
import { namedTexts } from '../inputs/texts.ts'
import { addressFlags, encodersFor, imageFlags, longTextFlags, modelFlags, onLong, withModel } from '../model-flags.ts'
import { embedImages, embedTexts } from '../outputs/embeddings.ts'
import { startJob } from '../outputs/job.ts'
import { createRowFile } from '../outputs/row-file.ts'
import { defineCommand } from '../shell/command.ts'

export const command = defineCommand({
  usage: '[IMAGE…] [--text S]… [--text-file F] --out X.npy | X.safetensors | X.jsonl [flags]',
  about: [
    'Writes one float32 row per input, in the order given: images, then --text, then the lines of --text-file. An input',
    'that fails has no row. .safetensors holds the tensor `embeddings`; .jsonl has {"path" | "text", "embedding"}.',
    'Beside X.npy and X.safetensors, X.rows.jsonl names the input of each row.',
    ...imageWords,
  ],
  flags: {
    text: { type: 'texts', value: 'S', help: 'a text; repeat the flag for more' },
    textFile: { type: 'text', value: 'F', help: 'texts, one per line (blank lines count); - for standard input' },
    out: { type: 'text', value: 'X', help: 'file to write; it is replaced only when the new one is complete' },
    normalize: { type: 'switch', help: 'divide each embedding by its length; CLIP does not do it by itself' },
    ...longTextFlags,
    ...imageFlags,
    ...addressFlags,
    ...modelFlags,
  },
  examples: [
    'typeclip embed photos --out photos.npy --normalize',
    'typeclip embed --text "a cat" --text "a dog" --out words.jsonl',
    'typeclip embed --text-file captions.txt --out captions.safetensors --model ViT-B/32',
  ],
  async run(words, values, terminal) {
    const { text, textFile, out, normalize } = values
    const hasTexts = text.length > 0 || textFile !== undefined
    if (out === undefined) throw new UsageError('--out is missing: a file X.npy, X.safetensors or X.jsonl')
    if (words.length === 0 && !hasTexts) throw new UsageError('nothing to embed: give images, --text or --text-file')
    if (words.includes('-') && textFile === '-') {
      throw new UsageError('standard input can be read once: for the image, or for --text-file')
    }
    const long = onLong(values)
    const found = words.length > 0 ? await findImages(words, terminal) : { images: [], missing: [] }
    const file = await createRowFile(out)
    try {
      return await withModel(
        values,
        encodersFor({ image: words.length > 0, text: hasTexts }),
        terminal,
        async (clip) => {
          const total = textFile === undefined ? found.images.length + text.length : undefined
          const job = startJob(terminal, 'row', total)
          for await (const { path, embedding } of embedImages(clip, found, { normalize, terminal, job })) {
            await file.write(embedding, { path })
          }
          const texts = namedTexts(text, textFile, terminal)
          for await (const row of embedTexts(clip, texts, { normalize, onLong: long, terminal, job })) {
            await file.write(row.embedding, { text: row.text })
          }
          const code = job.end()
          if (code < 2) {
            await file.commit()
            terminal.note(`wrote ${file.description()}`)
          }
          return code
        },
      )
    } finally {
      await file.discard()
    }
  },
})
