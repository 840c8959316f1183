// `typeclip inspect`: the two forward passes step by step, as text, as JSON, or as a page with pictures.

import type { Clip } from 'typeclip'
import { createAtomicFile } from '../atomic-file.ts'
import { defineCommand } from '../command.ts'
import { type FoundImage, findImages } from '../images.ts'
import type { Original } from '../inspect/image-section.ts'
import { inspectJson } from '../inspect/json.ts'
import { originalUrl } from '../inspect/original.ts'
import { inspectPage } from '../inspect/page.ts'
import { inspectReport } from '../inspect/report.ts'
import { type Job, startJob } from '../job.ts'
import { imageFlags, megabytes, modelFlags, withModel } from '../model.ts'
import type { Terminal } from '../terminal.ts'
import { namedTexts } from '../texts.ts'
import { UsageError } from '../usage-error.ts'

export const command = defineCommand({
  usage: '[IMAGE] [--text S]… [--json | --html FILE] [flags]',
  about: [
    'Every named stage of the encoders with its shape and statistics, the tokens with their ids, the causal mask,',
    'where the text is read, the attention of each block; with an image and texts, how near they are. --html writes',
    'one page with pictures, in English and Chinese, that needs nothing else. IMAGE is a file, an http(s) address,',
    'or - for the bytes of one image on standard input.',
  ],
  flags: {
    text: { type: 'texts', value: 'S', help: 'a text; give the flag again for another one' },
    html: { type: 'text', value: 'FILE', help: 'write the page; the file is written over' },
    json: { type: 'switch', help: 'one object: model, image, texts, similarity' },
    graph: {
      type: 'text',
      value: 'TOWER',
      choices: ['image', 'text'],
      help: "print that encoder's graph, a line a node, and nothing else",
    },
    ...imageFlags,
    ...modelFlags,
  },
  examples: [
    'typeclip inspect photo.jpg --text "a cat" --text "a dog" --html clip.html',
    'typeclip inspect --text "hello world!"',
    'typeclip inspect --graph text --model openai/clip-vit-base-patch32',
  ],
  async run(words, values, terminal) {
    const { text, html, json, graph } = values
    if (json && html !== undefined) throw new UsageError('--json and --html are two forms of the same; give one')
    if (graph !== undefined) {
      const { imageGraph, printGraph, textGraph } = await import('typeclip/inspect')
      const build = { image: imageGraph, text: textGraph }[graph]
      await withModel(values, [graph], terminal, (clip) => terminal.print(printGraph(build(clip))))
      return 0
    }
    if (words.length === 0 && text.length === 0) {
      throw new UsageError(
        'nothing to inspect: give an image, a text, or both: typeclip inspect photo.jpg --text "a cat"',
      )
    }
    if (words.length > 1) throw new UsageError(`one image is inspected at a time; found ${words.length}`)

    const job = startJob(terminal, 'inputs')
    const image = words.length > 0 ? await oneImage(words, terminal, job) : undefined
    const towers = [...(image ? ['image' as const] : []), ...(text.length > 0 ? ['text' as const] : [])]
    if (towers.length === 0) return job.end()
    const page = html === undefined ? undefined : await createAtomicFile(html)
    try {
      return await withModel(values, towers, terminal, async (clip) => {
        const inputs = await usable(clip, image, text, terminal, job)
        if (inputs.image === undefined && inputs.texts.length === 0) return job.end()
        const { inspect } = await import('typeclip/inspect')
        const inspection = await inspect(clip, { ...inputs, signal: terminal.signal })
        if (page) {
          const drawn = inspectPage(inspection, await originalOf(inputs.image, clip, values.exifRotate))
          await page.handle.writeFile(drawn)
          await page.commit()
          terminal.note(`${html}: ${megabytes(Buffer.byteLength(drawn))}, to be opened in a browser`)
        } else if (json) await terminal.print(inspectJson(inspection))
        else for (const line of inspectReport(inspection)) await terminal.print(line)
        return job.end()
      })
    } finally {
      await page?.discard()
    }
  },
})

async function oneImage(words: string[], terminal: Terminal, job: Job): Promise<FoundImage | undefined> {
  const { images, missing } = await findImages(words, terminal)
  if (images.length > 1) throw new UsageError(`${words[0]} is ${images.length} images; one is inspected at a time`)
  for (const { path, error } of missing) job.fail(path, error)
  return images[0]
}

/** The inputs that can be used; of the others it is said why not. */
async function usable(
  clip: Clip,
  found: FoundImage | undefined,
  words: string[],
  terminal: Terminal,
  job: Job,
): Promise<{ image?: FoundImage['image']; texts: string[] }> {
  const { tokenize } = await import('typeclip')
  const texts: string[] = []
  const image = found && (await attempt(found.path, () => clip.preprocess(found.image, { signal: terminal.signal })))
  for await (const { text, name } of namedTexts(words, undefined, terminal)) {
    const { contextLength = 77 } = clip.config.text ?? {}
    if (await attempt(name, async () => tokenize(clip.tokenizer, text, { contextLength, onLong: 'error' }))) {
      texts.push(text)
    }
  }
  return { ...(image && { image: found.image }), texts }

  async function attempt(name: string, use: () => Promise<unknown>): Promise<boolean> {
    try {
      await use()
      job.done()
      return true
    } catch (error) {
      if (!(error instanceof Error && error.name === 'InputError')) throw error
      job.fail(name, error)
      return false
    }
  }
}

async function originalOf(
  image: FoundImage['image'] | undefined,
  { preprocessing }: Clip,
  upright: boolean,
): Promise<Original | undefined> {
  if (image === undefined) return undefined
  const { mode, size, resize = size } = preprocessing
  return { url: await originalUrl(image), upright, mode, resized: resize }
}
