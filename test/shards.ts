// For the tests of data sets: tar archives written block by block, small images, and a server of files that can fail.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import sharp from 'sharp'

/** A ustar archive with its two empty blocks at the end. */
export function tarArchive(files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  const members = Object.entries(files).map(([name, content]) => {
    const data = Buffer.from(content as string)
    const header = Buffer.alloc(512)
    header.write(name, 0)
    header.write('0000644\0', 100)
    header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124)
    header.write(`${' '.repeat(8)}0`, 148)
    header.write('ustar\x0000', 257)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512)])
  })
  return Buffer.concat([...members, Buffer.alloc(1024)])
}

/** A PNG of one colour, recognisable by its first byte. */
export function picture(value: number, side = 10): Promise<Buffer> {
  const background = { r: value % 256, g: (value * 7) % 256, b: 9 }
  return sharp({ create: { width: side, height: side, channels: 3, background } })
    .png()
    .toBuffer()
}

/** Serves `files` by path on this machine; `fail` may respond instead. */
export async function serve(
  files: Readonly<Record<string, Uint8Array>>,
  fail: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (fail(request, response)) return
    const data = files[request.url!]
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (!data) response.writeHead(404).end()
    else response.writeHead(from > 0 ? 206 : 200, { 'content-length': data.length - from }).end(data.subarray(from))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
}
