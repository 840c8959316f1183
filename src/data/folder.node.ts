// A folder of pictures as a source: with captions beside them (`x.jpg`, `x.txt`), or in folders that are classes.

import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, parse, relative, sep } from 'node:path'
import { UsageError } from '../errors.ts'
import { checkTemplates, classCaptions, trimmed } from './captions.ts'
import { indexedSource } from './indexed.ts'
import { byName, isPicture } from './picture-files.ts'
import type { Sample, Skipped, Source } from './sample.ts'

export interface FolderOptions {
  /** With `{}` for the class. Given, the folders are classes, whatever lies beside the pictures. */
  templates?: readonly string[] | undefined
}

/**
 * Captions where at least one picture has a text file of its name beside it: each line that is not empty is a caption.
 * Otherwise classes: of each picture the innermost folder's name.
 *
 * @throws UsageError where there are no pictures, or neither captions nor folders
 */
export async function openFolder(folder: string, { templates }: FolderOptions = {}): Promise<Source> {
  checkTemplates(templates)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  const all = new Set(files)
  // Sorted as if `/` were the separator everywhere.
  const place = (path: string) => relative(folder, path).split(sep).join('/')
  const pictures = files.filter(isPicture).sort((a, b) => byName(place(a), place(b)))
  if (pictures.length === 0) {
    const found = files.length === 0 ? 'no files' : `${files.length} files, such as ${place(files[0]!)}`
    throw new UsageError(
      `${folder}: no pictures in it (${found}); expected pictures with captions beside them (x.jpg, x.txt), ` +
        'folders of pictures that are classes, or .tar shards',
    )
  }
  const captionFile = (picture: string) => join(dirname(picture), `${parse(picture).name}.txt`)
  if (!templates && pictures.some((picture) => all.has(captionFile(picture)))) {
    return indexedSource(folder, pictures.length, undefined, (i) => captioned(pictures[i]!, captionFile(pictures[i]!)))
  }
  const top = pictures.filter((picture) => dirname(place(picture)) === '.')
  if (top.length === pictures.length && !templates) {
    throw new UsageError(
      `${folder}: ${pictures.length} pictures, but no captions beside them (${parse(pictures[0]!).name}.txt and so on) ` +
        'and no folders that could be classes; add either, or name a table of pictures and captions (.csv, .tsv, .jsonl)',
    )
  }
  const labels = pictures.map((picture) => basename(dirname(join(folder, place(picture)))))
  return indexedSource(folder, pictures.length, [...new Set(labels)].sort(byName), (i) => ({
    key: pictures[i]!,
    image: pictures[i]!,
    captions: classCaptions(labels[i]!, templates),
    label: labels[i]!,
  }))
}

async function captioned(picture: string, file: string): Promise<Sample | Skipped> {
  try {
    const captions = trimmed((await readFile(file, 'utf8')).replace(/^\uFEFF/, '').split(/\r?\n/))
    if (captions.length === 0) return { key: picture, reason: `its caption file ${basename(file)} is empty` }
    return { key: picture, image: picture, captions }
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const reason = missing ? 'is not there' : `cannot be read (${(error as Error).message})`
    return { key: picture, reason: `its caption file ${basename(file)} ${reason}` }
  }
}
