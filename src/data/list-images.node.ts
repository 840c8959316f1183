// The images of a folder for those who want no classes or captions: the same walk as that of data sets.

import { byName, imageExtensions, isImageFile, skippedNotice } from './image-files.ts'
import { walk } from './walk.node.ts'

/** Image files of a folder, and what was skipped. */
export interface ListedImages {
  /** Paths relative to the folder, with `/` on every machine, in the order of their names. */
  images: string[]
  /** What else is in the folder, in one sentence; undefined where there is nothing. */
  notice?: string
  /** By what ends of their names images are known. */
  extensions: readonly string[]
}

/** Every image in a folder and below; hidden folders and those of systems are not entered. */
export async function listImages(folder: string): Promise<ListedImages> {
  const found = await walk(folder)
  const notice = skippedNotice(folder, found)
  const images = found.files.filter(isImageFile).sort(byName)
  return { images, extensions: imageExtensions, ...(notice !== undefined && { notice }) }
}
