// What is shown while a model is fetched: how much has come, and what is being waited for.

import type { LoadOptions } from 'typeclip'
import type { Terminal } from '../shell/terminal.ts'

export function downloading(terminal: Terminal): Required<Pick<LoadOptions, 'onProgress' | 'onWait'>> {
  return {
    onProgress({ file, received, total }) {
      terminal.status(`${file}: ${megabytes(received)} of ${megabytes(total)}`)
    },
    // The line that changes in place where there is one; a log gets it as a line of its own.
    onWait: (message) => (terminal.watched ? terminal.status(message) : terminal.note(message)),
  }
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
