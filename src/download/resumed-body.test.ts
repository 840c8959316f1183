import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { resumedBody } from './resumed-body.node.ts'

const content = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251)

/** What a caller that cannot rewind receives from a server that breaks the first connection in the middle. */
async function received(answer: (response: ServerResponse, range: string | undefined, first: boolean) => void) {
  const ranges: (string | undefined)[] = []
  const server = createServer(({ headers }, response) => {
    ranges.push(headers.range)
    answer(response, headers.range, ranges.length === 1)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.tar`
  const pieces: Uint8Array[] = []
  const position = () => pieces.reduce((sum, piece) => sum + piece.length, 0)
  try {
    for await (const { bytes } of resumedBody({ url, retryDelay: 1, position })) pieces.push(bytes)
    return { bytes: new Uint8Array(Buffer.concat(pieces)), ranges }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** Sends `bytes`, the first time only 40,000 of them. */
function send(response: ServerResponse, bytes: Uint8Array, first: boolean): void {
  if (!first) response.end(bytes)
  else response.write(bytes.subarray(0, 40_000), () => setTimeout(() => response.destroy(), 30))
}

it('continues a body, also from a server that knows no ranges and starts over', async () => {
  const { bytes, ranges } = await received((response, _, first) => {
    response.writeHead(200, { 'content-length': content.length, etag: '"a"' })
    send(response, content, first)
  })
  expect(bytes).toEqual(content)
  expect(ranges).toEqual([undefined, 'bytes=40000-'])
})

it('refuses to continue with other content', async () => {
  const changing = received((response, _, first) => {
    response.writeHead(200, { 'content-length': content.length, etag: first ? '"a"' : '"b"' })
    send(response, content, first)
  })
  await expect(changing).rejects.toThrow('its content changed while it was read')
})
