// A lock on a folder that is released when its process ends in any way: a socket name, on which only one process can listen.

import { createHash } from 'node:crypto'
import { realpath, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'

/** @returns releases the lock @throws UsageError if another process holds it */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const address = addressOf(await realpath(folder))
  const server = await listen(address).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    // On macOS the socket is a file that outlives its process; then nothing answers on it.
    if (address.startsWith('/') && !(await answers(address))) {
      await rm(address, { force: true })
      return listen(address)
    }
    throw new UsageError(
      `${folder}: another run is writing into this folder; wait until it ends, or choose another folder`,
    )
  })
  server.unref()
  return () => new Promise((resolve) => server.close(() => resolve()))
}

function addressOf(folder: string): string {
  const name = `typeclip-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`
  if (process.platform === 'linux') return `\0${name}`
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), name)
}

const listen = (address: string): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', reject)
    server.listen(address, () => resolve(server))
  })

const answers = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
