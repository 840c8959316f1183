#!/usr/bin/env node
// The command `typeclip`: the process around `run`.

import { run } from './run.ts'

const interruption = new AbortController()
process.once('SIGINT', () => interruption.abort())

// Whoever read the results has read enough (`typeclip … | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

const { stdin, stdout, stderr } = process
process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr }, interruption.signal)
