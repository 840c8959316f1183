// The images of a folder, without classes or captions; found as in data sets.

import { byName, imageExtensions, isImageFile, skippedNotice } from './image-files.ts'
import { walk } from './walk.node.ts'

/** Image files of a folder, and what was skipped. */
export interface ListedImages {
  /** Paths relative to the folder, with `/` on every machine, in the order of their names. */
  images: string[]
  /** What else is in the folder, in one sentence; undefined if nothing is. */
  notice?: string | undefined
  /** The ends of names by which images are recognised. */
  extensions: readonly string[]
}

/** Every image in a folder and below; hidden folders and those of systems are not entered. */
export async function listImages(folder: string): Promise<ListedImages> {
  const found = await walk(folder)
  const notice = skippedNotice(folder, found)
  const images = found.files.filter(isImageFile).sort(byName)
  return { images, extensions: imageExtensions, notice }
}
