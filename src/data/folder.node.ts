// A folder of pictures as a source: with captions beside them (`x.jpg`, `x.txt`), or in folders that are classes.

import { readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import { checkTemplates, classCaptions, trimmed } from './captions.ts'
import { indexedSource } from './indexed.ts'
import { byName, isPicture } from './picture-files.ts'
import type { Source } from './sample.ts'
import { walk } from './walk.node.ts'

export interface FolderOptions {
  /** With `{}` for the class: captions of what has a class and no caption of its own; `a photo of a {}.` unless told. */
  templates?: readonly string[] | undefined
}

/**
 * A picture's class is the innermost folder's name. Its captions are the lines of the text file of its name beside it,
 * where at least one picture has such a file; else they come from its class.
 *
 * @throws UsageError where there are no pictures, or neither captions nor folders
 */
export async function openFolder(folder: string, { templates }: FolderOptions = {}): Promise<Source> {
  checkTemplates(templates)
  const files = (await walk(folder)).sort(byName)
  const all = new Set(files)
  const pictures = files.filter(isPicture)
  if (pictures.length === 0) {
    const found = files.length === 0 ? 'no files' : `${files.length} files, such as ${files[0]}`
    throw new UsageError(
      `${folder}: no pictures in it (${found}); expected pictures with captions beside them (x.jpg, x.txt), ` +
        'folders of pictures that are classes, or .tar shards',
    )
  }
  const captionFile = (picture: string) => picture.replace(/\.[^.]*$/, '.txt')
  const captioned = pictures.some((picture) => all.has(captionFile(picture)))
  const inFolder = (picture: string) => picture.includes('/')
  if (!captioned && !templates && !pictures.some(inFolder)) {
    throw new UsageError(
      `${folder}: ${pictures.length} pictures, but no captions beside them (${captionFile(pictures[0]!)} and so on) ` +
        'and no folders that could be classes; add either, or name a table of pictures and captions (.csv, .tsv, .jsonl)',
    )
  }
  const labels = pictures.map((picture) =>
    inFolder(picture) || templates || !captioned ? basename(dirname(resolve(folder, picture))) : undefined,
  )
  const classes = labels.every((label) => label !== undefined) ? [...new Set(labels)].sort(byName) : undefined
  return indexedSource(folder, pictures.length, classes, async (i) => {
    const [picture, label] = [join(folder, pictures[i]!), labels[i]]
    const own = captioned ? await captionsIn(captionFile(picture)) : undefined
    const fromClass = label !== undefined && (templates || !captioned)
    const captions = typeof own !== 'object' && fromClass ? classCaptions(label, templates) : own!
    if (typeof captions === 'string') return { key: picture, reason: captions }
    return { key: picture, image: picture, captions, ...(label !== undefined && { label }) }
  })
}

/** The captions of a file, or why there are none. */
async function captionsIn(file: string): Promise<string[] | string> {
  try {
    const captions = trimmed((await readFile(file, 'utf8')).replace(/^\uFEFF/, '').split(/\r?\n/))
    return captions.length > 0 ? captions : `its caption file ${basename(file)} is empty`
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const reason = missing ? 'is not there' : `cannot be read (${(error as Error).message})`
    return `its caption file ${basename(file)} ${reason}`
  }
}
