// Which files of a folder are images, and which folders hold none: one list for training, evaluation and the command.

import { extensions } from '../image/containers/sniff.ts'
import { counted } from './counted.ts'

export const imageExtensions: readonly string[] = Object.values(extensions).flat()

const images = new RegExp(`\\.(${imageExtensions.join('|')})$`, 'i')

/** Formats of images that are not read, so that they are worth a word of advice. */
const otherImages = /^\.(heic|heif|bmp|dib|svg|jxl|jp2|j2k|psd|ico|tga|dng|cr2|cr3|nef|arw|orf|rw2|raf|ppm|pgm)$/

/** What systems and programs put into folders of images: thumbnails, deleted files, backups. Lower case. */
const systemFolders: ReadonlySet<string> = new Set([
  '@eadir',
  '@recycle',
  '@recently-snapshot',
  '@tmp',
  '__macosx',
  '__pycache__',
  '#recycle',
  '#snapshot',
  '$recycle.bin',
  'recycler',
  'system volume information',
  'lost+found',
  'found.000',
])

/** Files that systems put beside images; they are not worth counting. Lower case. */
const systemFiles = /^(thumbs\.db|ehthumbs\.db|desktop\.ini|\.ds_store|\._.*|\.localized|\.gitkeep|\.gitignore)$/i

/** Whether the name is of a hidden folder or of a system's own, such as `.git`, `.ipynb_checkpoints`, `@eaDir`. */
export function isIgnoredFolder(name: string): boolean {
  return (name.startsWith('.') && name !== '.' && name !== '..') || systemFolders.has(name.toLowerCase())
}

/** Whether a path is an image by the end of its name, and neither hidden nor below an ignored folder. */
export function isImageFile(path: string): boolean {
  if (!images.test(path)) return false
  const parts = path.split(/[\\/]/)
  return !parts.at(-1)!.startsWith('.') && !parts.slice(0, -1).some(isIgnoredFolder)
}

/** Text in one order on every machine: by code unit. */
export function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The folder `a/b/` of `a/b/c.jpg`, and the rest up to the last dot. */
const stemOf = (path: string): string => path.replace(/\.[^./]*$/, '')

/** `heic` for `a/b.HEIC`; empty for a name without a dot or with one at its start. */
const extensionOf = (path: string): string => /[^/]\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''

/**
 * One sentence about the unused files of a folder; undefined if there are none. Captions and other text files with an
 * image's name belong to it and are not counted.
 *
 * @param where the start of the sentence
 * @param found the folder's files, relative, its ignored folders, and those that cannot be opened
 */
export function skippedNotice(
  where: string,
  { files, ignored, closed }: { files: readonly string[]; ignored: readonly string[]; closed: readonly string[] },
): string | undefined {
  const stems = new Set(files.filter(isImageFile).map(stemOf))
  const kinds = new Map<string, number>()
  for (const path of files) {
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (isImageFile(path) || systemFiles.test(name)) continue
    const extension = extensionOf(path)
    const beside = stems.has(stemOf(path)) || isImageFile(stemOf(path)) // x.txt and x.jpg.json of x.jpg
    const sidecar = extension !== '' && beside && !otherImages.test(`.${extension}`)
    if (sidecar) continue
    const kind = name.startsWith('.') ? 'hidden' : extension === '' ? 'without extension' : `.${extension}`
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
  const parts: string[] = []
  if (kinds.size > 0) {
    const sorted = [...kinds].sort(([a, m], [b, n]) => n - m || byName(a, b))
    const total = sorted.reduce((sum, [, count]) => sum + count, 0)
    const shown = sorted.slice(0, 6).map(([kind, count]) => `${count} ${kind}`)
    const rest = sorted.slice(6).reduce((sum, [, count]) => sum + count, 0)
    const advice = [...kinds.keys()].some((kind) => otherImages.test(kind) || kind === 'without extension')
      ? `; images are read by the end of their names: ${imageExtensions.join(', ')}`
      : ''
    parts.push(
      `${counted(total, 'file')} skipped: ${[...shown, ...(rest > 0 ? [`${rest} of other kinds`] : [])].join(', ')}${advice}`,
    )
  }
  if (ignored.length > 0) {
    const names = [...new Set(ignored.map((path) => path.slice(path.lastIndexOf('/') + 1)))].sort(byName)
    const shown = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`
    parts.push(`${counted(ignored.length, 'hidden or system folder')} skipped: ${shown}`)
  }
  if (closed.length > 0) {
    const shown = `${closed.slice(0, 3).join(', ')}${closed.length > 3 ? ', …' : ''}`
    parts.push(`${counted(closed.length, 'folder')} that you may not open skipped: ${shown}`)
  }
  return parts.length === 0 ? undefined : `${where}: ${parts.join('. ')}`
}
