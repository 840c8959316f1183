// `typeclip inspect`: the two forward passes step by step, as text, as JSON, or as a page with images.

import type { Clip } from 'typeclip'
import { UsageError } from 'typeclip/errors'
import type { Original } from '../../report/inspect/image-section.ts'
import { inspectJson } from '../../report/inspect/json.ts'
import { inspectPage } from '../../report/inspect/page.ts'
import { relevancePng } from '../../report/inspect/relevance-image.ts'
import { relevanceReport } from '../../report/inspect/relevance-report.ts'
import { inspectReport } from '../../report/inspect/report.ts'
import { originalUrl } from '../../report/original.ts'
import { type FoundImage, findImages } from '../inputs/images.ts'
import { namedTexts } from '../inputs/texts.ts'
import { addressFlags, encodersFor, imageFlags, modelFlags, withModel } from '../model-flags.ts'
import { type AtomicFile, createAtomicFile } from '../outputs/atomic-file.ts'
import { type Job, startJob } from '../outputs/job.ts'
import { defineCommand } from '../shell/command.ts'
import { counted, megabytes } from '../shell/counted.ts'
import type { Terminal } from '../shell/terminal.ts'

export const command = defineCommand({
  usage: '[IMAGE] [--text S]… [--explain] [--json | --html FILE] [flags]',
  about: [
    'Shows every named stage of the encoders with its shape and statistics, the tokens with their ids, the causal mask,',
    'the position where the text is read, and the attention of each block; with an image and texts, their similarity.',
    '--html writes one page with images, in English and Chinese, that needs no other file. IMAGE is a file, an http(s)',
    'address, or - for the bytes of one image on standard input. --explain adds why they match: which parts of the image',
    'and which words each similarity comes from (gradient × attention relevance, Chefer et al. 2021); the terminal then',
    'shows only that.',
    '--model may be a config.json of open_clip or Hugging Face without weights: it is shown with random ones.',
  ],
  flags: {
    text: { type: 'texts', value: 'S', help: 'a text; repeat the flag for more' },
    html: { type: 'text', value: 'FILE', help: 'page to write; an existing file is replaced' },
    json: { type: 'switch', help: 'one object: model, image, texts, similarity, relevance' },
    explain: { type: 'switch', help: 'show which parts of the image and which words matter to the match' },
    startLayer: {
      type: 'text',
      value: 'N[,M]',
      help: 'first block to follow, from 0; M for the texts. Default: the last',
    },
    out: { type: 'text', value: 'FILE', help: 'write the explanation as a PNG: the image, then one map per text' },
    graph: {
      type: 'text',
      value: 'TOWER',
      choices: ['image', 'text'],
      help: "print that encoder's graph, one line per node, and nothing else",
    },
    ...imageFlags,
    ...addressFlags,
    ...modelFlags,
  },
  examples: [
    'typeclip inspect photo.jpg --text "a cat" --text "a dog" --html clip.html',
    'typeclip inspect photo.jpg --text "a cat" --explain --out why.png',
    'typeclip inspect --text "hello world!"',
    'typeclip inspect --graph text --model openai/clip-vit-base-patch32',
  ],
  async run(words, values, terminal) {
    const { text, html, json, graph, explain, startLayer, out } = values
    // A config without weights can be inspected too: how a model is built does not depend on its weights.
    const options = { ...values, randomWeights: 0 }
    if (json && html !== undefined) throw new UsageError('--json and --html are two forms of the same; give one')
    if (!explain && (startLayer !== undefined || out !== undefined)) {
      throw new UsageError(`--${out === undefined ? 'start-layer' : 'out'} is for --explain; give that too`)
    }
    if (explain && (words.length === 0 || text.length === 0)) {
      throw new UsageError(
        '--explain says why an image and a text match; give both: photo.jpg --text "a cat" --explain',
      )
    }
    if (graph !== undefined) {
      const { imageGraph, printGraph, textGraph } = await import('typeclip/inspect')
      const build = { image: imageGraph, text: textGraph }[graph]
      await withModel(options, [graph], terminal, (clip) => terminal.print(printGraph(build(clip))))
      return 0
    }
    if (words.length === 0 && text.length === 0) {
      throw new UsageError(
        'nothing to inspect: give an image, a text, or both: typeclip inspect photo.jpg --text "a cat"',
      )
    }
    if (words.length > 1)
      throw new UsageError(`inspect takes one image; found ${words.length} (several texts: repeat --text)`)

    const explainOptions = startLayer === undefined ? {} : { startLayer: blocks(startLayer) }
    if (html !== undefined && html === out) throw new UsageError(`--html and --out are both ${out}; give two files`)

    const job = startJob(terminal, 'input')
    const image = words.length > 0 ? await oneImage(words, terminal, job) : undefined
    const encoders = encodersFor({ image: image !== undefined, text: text.length > 0 })
    if (encoders.length === 0) return job.end()
    const files = await createAtomicFiles({ html, out })
    try {
      return await withModel(options, encoders, terminal, async (clip) => {
        const inputs = await usable(clip, image, text, terminal, job)
        const [noImage, noTexts] = [inputs.image === undefined, inputs.texts.length === 0]
        if (explain ? noImage || noTexts : noImage && noTexts) return job.end()
        const { inspect } = await import('typeclip/inspect')
        const inspection = await inspect(clip, {
          ...inputs,
          explain: explain ? explainOptions : undefined,
          signal: terminal.signal,
        })
        if (files.html) {
          const page = inspectPage(inspection, await originalOf(inputs.image, clip, values.exifRotate))
          await save(files.html, Buffer.from(page), 'to be opened in a browser')
        }
        if (files.out && inspection.relevance) {
          await save(
            files.out,
            await relevancePng(inspection.relevance.map(({ image, text, cosine }) => ({ ...image, text, cosine }))),
            'the image, then each text',
          )
        }
        if (json) await terminal.print(inspectJson(inspection))
        else if (!files.html && !files.out) {
          const report = explain ? relevanceReport : inspectReport
          for (const line of report(inspection)) await terminal.print(line)
        }
        return job.end()
      })
    } finally {
      for (const file of Object.values(files)) await file.discard()
    }

    async function save(file: OpenFile, bytes: Buffer, what: string): Promise<void> {
      await file.handle.writeFile(bytes)
      await file.commit()
      terminal.note(`${file.path}: ${megabytes(bytes.length)}, ${what}`)
    }
  },
})

type OpenFile = AtomicFile & { path: string }

/** Opens the files that have a path, before anything is computed. If one cannot be opened, none is left behind. */
async function createAtomicFiles<Name extends string>(
  paths: Readonly<Record<Name, string | undefined>>,
): Promise<Partial<Record<Name, OpenFile>>> {
  const files: Partial<Record<Name, OpenFile>> = {}
  try {
    for (const [name, path] of Object.entries(paths) as [Name, string | undefined][]) {
      if (path !== undefined) files[name] = { ...(await createAtomicFile(path)), path }
    }
    return files
  } catch (error) {
    for (const file of Object.values<OpenFile | undefined>(files)) await file?.discard()
    throw error
  }
}

/** `3` is block 3 of both encoders; `3,1` is block 3 of the image encoder and block 1 of the text encoder. */
function blocks(words: string): number | { image: number; text: number } {
  const [, image, text] = /^(-?\d+)(?:,(-?\d+))?$/.exec(words) ?? []
  if (image === undefined) throw new UsageError(`--start-layer is the number of a block, or two: 3,1; found '${words}'`)
  return text === undefined ? Number(image) : { image: Number(image), text: Number(text) }
}

async function oneImage(words: string[], terminal: Terminal, job: Job): Promise<FoundImage | undefined> {
  const { images, missing } = await findImages(words, terminal)
  if (images.length > 1)
    throw new UsageError(`${words[0]} holds ${counted(images.length, 'image')}; inspect takes one image`)
  for (const { path, error } of missing) job.fail(path, error)
  return images[0]
}

/** The inputs that can be used; the others are reported. */
async function usable(
  clip: Clip,
  found: FoundImage | undefined,
  words: string[],
  terminal: Terminal,
  job: Job,
): Promise<{ image: FoundImage['image'] | undefined; texts: string[] }> {
  const { tokenize } = await import('typeclip')
  const texts: string[] = []
  const image = found && (await attempt(found.path, () => clip.preprocess(found.image, { signal: terminal.signal })))
  for await (const { text, name } of namedTexts(words, undefined, terminal)) {
    const { contextLength = 77 } = clip.config.text ?? {}
    if (await attempt(name, async () => tokenize(clip.tokenizer, text, { contextLength, onLong: 'error' }))) {
      texts.push(text)
    }
  }
  return { image: image ? found?.image : undefined, texts }

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
