// Notices while a command uses a model: each is shown once per command, and not for every image.

import type { UseNotice } from 'typeclip'
import { grouped } from '../shell/counted.ts'
import type { Terminal } from '../shell/terminal.ts'

export interface UseNotices {
  /** For `load`, `train` and `finetune`. */
  onNotice(notice: UseNotice): void
  /** Reports how many images were not rotated by their EXIF orientation. */
  end(): void
}

export function createUseNotices(terminal: Terminal): UseNotices {
  const notRotated = new Set<string>()
  let ended = false
  const shown = new Set<string>()
  return {
    onNotice(notice) {
      if (notice.kind === 'orientation') notRotated.add(notice.id)
      else if (!shown.has(notice.kind)) {
        shown.add(notice.kind)
        terminal.note(notice.message)
      }
    },
    end() {
      if (notRotated.size > 0 && !ended) terminal.note(notRotatedNotice(notRotated.size))
      ended = true
    },
  }
}

/** `3 images have an EXIF orientation that was not applied; …` */
export const notRotatedNotice = (count: number): string =>
  count === 1
    ? '1 image has an EXIF orientation that was not applied; --exif-rotate turns it upright'
    : `${grouped(count)} images have an EXIF orientation that was not applied; --exif-rotate turns them upright`
