// A folder of images as a source: with captions beside them (`x.jpg`, `x.txt`), or in folders that are classes.

import { readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import { decodeUtf8 } from '../files/utf8.ts'
import { checkTemplates, defaultTemplates, fillTemplates } from '../zero-shot/prompts.ts'
import { trimmed } from './captions.ts'
import { counted } from './counted.ts'
import { digestOf } from './digest.node.ts'
import { byName, isImageFile, skippedNotice } from './image-files.ts'
import { indexedSource } from './indexed.ts'
import type { Source } from './sample.ts'
import { walk } from './walk.node.ts'

/** How a folder of images is read. */
export interface FolderOptions {
  /** Each with `{}` for the class: captions of what has a class and no caption of its own. Default: `a photo of a {}.` */
  templates?: readonly string[] | undefined
  /** For evaluation by class: images without a class are left out, whatever captions they have. */
  classes?: boolean | undefined
}

/**
 * An image's class is the innermost folder's name. Its captions are the lines of the text file of its name beside it,
 * where at least one image has such a file; else they come from its class. Loose images beside class folders have no
 * class; they are left out, with a notice.
 *
 * @throws UsageError if there are no images, neither captions nor folders, or the folder holds the parts of a split
 */
export async function openFolder(folder: string, { templates, classes }: FolderOptions = {}): Promise<Source> {
  checkTemplates(templates ?? [])
  const found = await walk(folder)
  const files = found.files.sort(byName)
  const all = new Set(files)
  const images = files.filter(isImageFile)
  const notice = skippedNotice(folder, found)
  if (images.length === 0) {
    const held = files.length === 0 ? 'no files' : `${counted(files.length, 'file')}, such as ${files[0]}`
    throw new UsageError(
      `${folder}: no images in it (${held}); expected images with captions beside them (x.jpg, x.txt), ` +
        `folders of images that are classes, or .tar shards${notice === undefined ? '' : `. ${notice}`}`,
    )
  }
  refuseSplit(folder, images)
  const captionFile = (image: string) => image.replace(/\.[^.]*$/, '.txt')
  const captioned = images.some((image) => all.has(captionFile(image)))
  const inFolder = (image: string) => image.includes('/')
  const folders = images.some(inFolder)
  const classed = classes || templates !== undefined || !captioned
  if (!captioned && !classes && !templates && !folders) {
    throw new UsageError(
      `${folder}: ${counted(images.length, 'image')}, but no captions beside them (${captionFile(images[0]!)} and so on) ` +
        'and no folders that could be classes; add either, or name a table of images and captions (.csv, .tsv, .jsonl)',
    )
  }
  const isStray = (image: string) =>
    classed && folders && !inFolder(image) && (classes || !captioned || !all.has(captionFile(image)))
  const strays = images.filter(isStray)
  const used = images.filter((image) => !isStray(image))
  const labels = used.map((image) => {
    if (inFolder(image)) return basename(dirname(image))
    return classed && !folders ? basename(resolve(folder)) : undefined
  })
  const known = labels.filter((label) => label !== undefined)
  const names = known.length === labels.length || (classed && folders) ? [...new Set(known)].sort(byName) : undefined
  const [have, are] = strays.length === 1 ? ['has', 'is'] : ['have', 'are']
  const first = `${strays.slice(0, 3).join(', ')}${strays.length > 3 ? ', …' : ''}`
  const stray = `${folder}: ${counted(strays.length, 'image')} beside the class folders ${have} no class and ${are} skipped: ${first}`
  const notices = [strays.length > 0 ? stray : undefined, notice].filter((text) => text !== undefined)

  const source = indexedSource(folder, used.length, names, async (i) => {
    const [image, label] = [join(folder, used[i]!), labels[i]]
    const own = captioned ? await captionsIn(captionFile(image)) : undefined
    const fromClass = label !== undefined && (templates || classes || !captioned)
    const captions = typeof own !== 'object' && fromClass ? fillTemplates(templates ?? defaultTemplates, label) : own!
    if (typeof captions === 'string') return { key: image, reason: captions }
    return { key: image, image, captions, label }
  })

  /** Reads the captions once more, as each epoch does. */
  async function* parts() {
    let i = 0
    for await (const sample of source.samples({ seed: 0, epoch: 0, shuffle: false })) {
      yield [used[i], labels[i], 'reason' in sample ? undefined : sample.captions]
      i++
    }
  }
  let digest: Promise<string> | undefined
  const digestOnce = () => (digest ??= digestOf(parts()))
  return { ...source, notices, digest: digestOnce }
}

const trainNames = /^(train|training)$/i
const testNames = /^(val|valid|validation|test|testing|dev|eval|holdout)$/i

/** Training and validation images as one data set would validate on what was trained on. */
function refuseSplit(folder: string, images: readonly string[]): void {
  const tops = [...new Set(images.filter((image) => image.includes('/')).map((image) => image.split('/')[0]!))]
  const train = tops.find((name) => trainNames.test(name))
  const tests = tops.filter((name) => testNames.test(name))
  if (train === undefined || tests.length === 0) return
  const parts = [train, ...tests]
  throw new UsageError(
    `${folder} holds ${parts.map((name) => `${name}/`).join(' and ')}, the parts of a split, and as one data set they ` +
      `would be mixed; name one of them: ${parts.map((name) => join(folder, name)).join(' or ')}`,
  )
}

/** The captions of a file, or why there are none. */
async function captionsIn(file: string): Promise<string[] | string> {
  try {
    const captions = trimmed(decodeUtf8(await readFile(file), `its caption file ${basename(file)}`).split(/\r?\n/))
    return captions.length > 0 ? captions : `its caption file ${basename(file)} is empty`
  } catch (error) {
    if (error instanceof UsageError) return error.message
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const reason = missing ? 'is not there' : `cannot be read (${(error as Error).message})`
    return `its caption file ${basename(file)} ${reason}`
  }
}
