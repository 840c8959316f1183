// What comes up while a command uses a model, and is no error: said once for a command, and never once for each image.

import type { UseNotice } from 'typeclip'
import { grouped } from '../shell/counted.ts'
import type { Terminal } from '../shell/terminal.ts'

export interface UseNotices {
  /** For `load`, `train` and `finetune`. */
  onNotice(notice: UseNotice): void
  /** Says how many images were not turned upright. */
  end(): void
}

export function createUseNotices(terminal: Terminal): UseNotices {
  const unturned = new Set<string>()
  let ended = false
  const said = new Set<string>()
  return {
    onNotice(notice) {
      if (notice.kind === 'orientation') unturned.add(notice.id)
      else if (!said.has(notice.kind)) {
        said.add(notice.kind)
        terminal.note(notice.message)
      }
    },
    end() {
      if (unturned.size > 0 && !ended) terminal.note(unturnedImages(unturned.size))
      ended = true
    },
  }
}

/** `3 images have an EXIF orientation that was not applied; …` */
export const unturnedImages = (count: number): string =>
  count === 1
    ? '1 image has an EXIF orientation that was not applied; --exif-rotate turns it upright'
    : `${grouped(count)} images have an EXIF orientation that was not applied; --exif-rotate turns them upright`
