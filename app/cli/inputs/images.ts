// Arguments that name images: files, folders, globs, addresses, or - for standard input.

import { stat } from 'node:fs/promises'
import { sep } from 'node:path'
import { addAbortSignal } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { excerpt, UsageError } from 'typeclip/errors'
import type { Terminal } from '../shell/terminal.ts'

export interface FoundImage {
  /** As given; for an image in a folder or from a glob, with that folder in front. */
  path: string
  image: string | Uint8Array
}

export interface FoundImages {
  images: FoundImage[]
  /** Arguments that name no image. */
  missing: { path: string; error: Error }[]
}

/** Lines for the help of a command that takes images. */
export const imageWords = [
  'IMAGE is a file, a folder (with its subfolders), a glob, an http(s) address, or - for the bytes of one image on',
  'standard input.',
]

const pattern = /[*?[{]|[!@+]\(/

export async function findImages(words: readonly string[], terminal: Terminal): Promise<FoundImages> {
  if (words.length === 0) throw new UsageError('no image was given: a file, a folder, a glob, an address, or -')
  if (words.indexOf('-') !== words.lastIndexOf('-')) {
    throw new UsageError('- is standard input, and it can be read once')
  }
  const result: FoundImages = { images: [], missing: [] }
  for (const word of words) {
    const images = word === '-' ? await standardInput(terminal) : await imagesOf(word, terminal)
    if (images instanceof Error) result.missing.push({ path: word, error: images })
    else for (const image of images) result.images.push(image)
  }
  return result
}

async function standardInput({ stdin, signal }: Terminal): Promise<FoundImage[] | Error> {
  const bytes = await buffer(addAbortSignal(signal, stdin))
  if (bytes.length === 0) return new Error('standard input is empty; - takes the bytes of one image')
  if (isText(bytes)) {
    return new Error(
      'standard input is text; - takes the bytes of one image. For a list of paths use xargs: find … -print0 | xargs -0 typeclip …',
    )
  }
  return [{ path: '-', image: bytes }]
}

/** UTF-8 without control characters, as a list of paths is. The library names other formats that are text. */
function isText(bytes: Uint8Array): boolean {
  try {
    const start = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, 1024), { stream: true })
    return !/[^\P{Cc}\t\n\r]/u.test(start) && !/^(GIF8|\s*<)/.test(start)
  } catch {
    return false
  }
}

/** In a folder, images are recognised by extension; a file given by name may have any. */
async function imagesOf(word: string, terminal: Terminal): Promise<FoundImage[] | Error> {
  if (/^(https?:|file:)\/\/|^data:/i.test(word)) return [{ path: excerpt(word), image: word }]
  const { isIgnoredFolder, listImages } = await import('typeclip')
  // A path that exists is taken as it is, even if it could be a glob.
  const entry = await stat(word).catch(() => undefined)
  if (entry?.isDirectory()) {
    const { images, notice, extensions } = await listImages(word)
    if (images.length === 0) {
      const why = notice === undefined ? '' : `; ${notice.slice(word.length + 2)}`
      return new Error(`no image in this folder (${extensions.join(', ')})${why}`)
    }
    if (notice !== undefined) terminal.note(notice)
    return inFolder(word, images)
  }
  if (entry) return [{ path: word, image: word }]
  if (!pattern.test(word)) return new Error('no such file or folder')
  const [folder, rest] = splitPattern(sep === '\\' ? word.replaceAll('\\', '/') : word)
  const caseSensitiveMatch = sep === '/'
  const { signal } = terminal
  const { glob } = await import('tinyglobby') // loaded only for a pattern
  const matches = await glob(rest, { cwd: folder || '.', caseSensitiveMatch, expandDirectories: false, signal })
  // A hidden folder that is named in the glob itself is searched.
  const named = rest.split('/')
  const isIgnored = (part: string) => isIgnoredFolder(part) && !named.includes(part)
  const images = matches.filter((path) => !path.split('/').slice(0, -1).some(isIgnored))
  if (images.length < matches.length) {
    terminal.note(`${word}: ${matches.length - images.length} in hidden or system folders skipped`)
  }
  return images.length > 0 ? inFolder(folder, images) : new Error('no file matches')
}

// `../photos/2024*/*.jpg`: the folder in front of the first pattern, and the rest.
function splitPattern(word: string): [folder: string, rest: string] {
  const segments = word.split('/')
  const first = segments.findIndex((segment) => pattern.test(segment))
  const folder = segments.slice(0, first).join('/')
  return [folder === '' && first > 0 ? '/' : folder, segments.slice(first).join('/')]
}

function inFolder(folder: string, inside: readonly string[]): FoundImage[] {
  const prefix = folder === '' || /[/\\]$/.test(folder) ? folder : folder + sep
  // By code units, so that every machine has the same order.
  return [...inside]
    .sort((a, b) => (a < b ? -1 : 1))
    .map((path) => prefix + path.replaceAll('/', sep))
    .map((path) => ({ path, image: path }))
}
