// What is shown while a model is downloaded: how much of it is here, and why it waits.

import type { LoadOptions } from 'typeclip'
import { megabytes } from '../shell/counted.ts'
import type { Terminal } from '../shell/terminal.ts'

export function downloading(terminal: Terminal): Required<Pick<LoadOptions, 'onProgress' | 'onWait'>> {
  return {
    onProgress({ file, received, total }) {
      terminal.status(`${file}: ${megabytes(received)} of ${megabytes(total)}`)
    },
    // On the progress line of a terminal; in a log, a line of its own.
    onWait: (message) => (terminal.watched ? terminal.status(message) : terminal.note(message)),
  }
}
