// Peers: other programs that encode on request, so that runs can be interleaved on the same machine.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Request {
  model: string
  tower: 'image' | 'text'
  batch: number
  texts?: string[]
  ids?: number[]
}

export interface Peer {
  name: string
  /** Sends one request and returns the response. */
  ask(request: object): Promise<Record<string, unknown>>
  /** The encoder's time in milliseconds. */
  encode(request: Request): Promise<number>
  stop(): void
}

export const peerScript = (name: string): string => fileURLToPath(new URL(`../peers/${name}`, import.meta.url))

/** Starts a peer; one that fails to start is reported and skipped. */
export async function startPeer(
  name: string,
  command: string,
  args: string[],
  cwd?: string,
): Promise<Peer | undefined> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...(cwd ? { cwd } : {}) })
  let complaint = ''
  child.stderr.on('data', (data) => {
    complaint = `${complaint}${data}`.slice(-500)
  })
  child.on('error', (error) => {
    complaint = error.message
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<Record<string, unknown>> => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error(`${name} stopped: ${complaint.trim()}`)
      if (value.startsWith('{')) return JSON.parse(value)
    }
  }
  try {
    await next()
  } catch (error) {
    console.log(`  ${name} is skipped: ${(error as Error).message.split('\n').at(-1)}`)
    return undefined
  }
  const ask = (request: object) => {
    child.stdin.write(`${JSON.stringify(request)}\n`)
    return next()
  }
  return {
    name,
    ask,
    encode: async (request) => (await ask(request)).ms as number,
    stop: () => child.kill(),
  }
}
