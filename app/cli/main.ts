#!/usr/bin/env node
// The command `typeclip`: the process around `run`.

import { unsupportedNode } from './shell/node-version.ts'

const unsupported = unsupportedNode(process.versions.node)
if (unsupported) {
  process.stderr.write(`typeclip: ${unsupported}\n`)
  process.exit(2)
}

// Loaded only now: an older Node may fail to load it.
const { run } = await import('./run.ts')

const interruption = new AbortController()
process.once('SIGINT', () => interruption.abort())

// The reader of the results has closed the pipe (`typeclip … | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

const { stdin, stdout, stderr } = process
process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr }, interruption.signal)
