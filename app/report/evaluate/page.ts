// The file of an evaluation's page: opened before the work, so that a path that cannot be written is refused at once.

import type { Clip } from 'typeclip'
import type { ClassificationResult, RetrievalResult } from 'typeclip/evaluate'
import { createAtomicFile } from '../../cli/outputs/atomic-file.ts'
import { megabytes } from '../../cli/shell/counted.ts'
import type { Terminal } from '../../cli/shell/terminal.ts'
import { html } from '../html.ts'
import { changeSection } from './change-section.ts'
import { classificationSections } from './classification-page.ts'
import { type About, frame } from './frame.ts'
import { retrievalSections } from './retrieval-page.ts'
import { thumbnails } from './thumbnails.ts'

export interface Page {
  /** @param explained a second image for each mistake, as a URL */
  classification(
    about: About,
    result: ClassificationResult,
    clip: Clip,
    explained?: readonly (string | undefined)[],
  ): Promise<void>
  retrieval(about: About, result: RetrievalResult, clip: Clip): Promise<void>
  /** The same images with the model before and after. */
  finetuned(about: About, before: ClassificationResult, after: ClassificationResult, clip: Clip): Promise<void>
  /** Moves the finished page to its path, and says so. */
  commit(terminal: Terminal): Promise<void>
  discard(): Promise<void>
}

export async function createPage(path: string): Promise<Page> {
  const file = await createAtomicFile(path)
  let size = 0

  async function write(document: string): Promise<void> {
    size = Buffer.byteLength(document)
    await file.handle.writeFile(document)
  }

  return {
    async classification(about, result, clip, explained) {
      const images = result.mistakes.map(({ image }) => image)
      const sections = classificationSections(result, await thumbnails(images, clip), explained)
      await write(frame(about, sections, result.skipped))
    },
    async retrieval(about, result, clip) {
      const images = result.misses.flatMap(({ image, found }) => [image, found.image])
      await write(frame(about, retrievalSections(result, await thumbnails(images, clip)), result.skipped))
    },
    async finetuned(about, before, after, clip) {
      const images = after.mistakes.map(({ image }) => image)
      const sections = classificationSections(after, await thumbnails(images, clip))
      await write(frame(about, html`${changeSection(before, after)}\n${sections}`, after.skipped))
    },
    async commit(terminal) {
      await file.commit()
      terminal.note(`${path}: ${megabytes(size)}, to be opened in a browser`)
    },
    discard: () => file.discard(),
  }
}
