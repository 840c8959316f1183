// The file of an evaluation's page: begun before the work, so that a place that cannot be written to is told at once.

import type { Clip } from 'typeclip'
import type { ClassificationResult, RetrievalResult } from 'typeclip/evaluate'
import { megabytes } from '../../cli/model-flags.ts'
import { createAtomicFile } from '../../cli/outputs/atomic-file.ts'
import type { Terminal } from '../../cli/shell/terminal.ts'
import { changeSection } from './change-section.ts'
import { classificationSections } from './classification-page.ts'
import { type About, frame } from './frame.ts'
import { retrievalSections } from './retrieval-page.ts'
import { thumbnails } from './thumbnails.ts'

export interface Page {
  /** @param explained an address for each mistake, beside the image itself */
  classification(
    about: About,
    result: ClassificationResult,
    clip: Clip,
    explained?: readonly (string | undefined)[],
  ): Promise<void>
  retrieval(about: About, result: RetrievalResult, clip: Clip): Promise<void>
  /** The same images by the model as it was, and as it is. */
  finetuned(about: About, before: ClassificationResult, after: ClassificationResult, clip: Clip): Promise<void>
  /** Puts the page in its place, and says so. */
  commit(terminal: Terminal): Promise<void>
  discard(): Promise<void>
}

export async function createPage(path: string): Promise<Page> {
  const file = await createAtomicFile(path)
  let size = 0

  async function write(html: string): Promise<void> {
    size = Buffer.byteLength(html)
    await file.handle.writeFile(html)
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
      const pictures = await thumbnails(
        after.mistakes.map(({ image }) => image),
        clip,
      )
      const sections = [changeSection(before, after), classificationSections(after, pictures)]
      await write(frame(about, sections.join('\n'), after.skipped))
    },
    async commit(terminal) {
      await file.commit()
      terminal.note(`${path}: ${megabytes(size)}, to be opened in a browser`)
    },
    discard: () => file.discard(),
  }
}
