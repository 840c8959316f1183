import { readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { captured, jsonLines } from '../../test/cli/captured.ts'

const file = fileURLToPath(new URL('../../fixtures/images/rgb.png', import.meta.url))
let server: Server
let address: string
beforeAll(async () => {
  server = createServer((request, response) => {
    const more = () => {
      if (!response.destroyed) response.write(Buffer.alloc(10_000), more)
    }
    if (request.url === '/endless.png') more()
    else if (request.url === '/page.png') response.end('<!DOCTYPE html><title>Sign in</title>')
    else response.end(readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

it('an address that never ends is one image that failed, and the rest is done', async () => {
  const words = [`${address}/endless.png`, `${address}/page.png`, `${address}/image.png`, pathToFileURL(file).href]
  const { code, stdout, stderr } = await captured([
    'classify',
    ...words,
    '--labels',
    'cat,dog',
    '--json',
    '--max-bytes',
    '50000',
  ])
  expect(code).toBe(1)
  expect(stderr).toContain(`${address}/endless.png: more than the 50000 bytes allowed; raise --max-bytes`)
  expect(stderr).toContain(`${address}/page.png: this is an HTML page (perhaps a failed download)`)
  const [fetched, own] = jsonLines(stdout) as { path: string; labels: unknown }[]
  expect([fetched!.path, own!.path]).toEqual(words.slice(2))
  expect(fetched!.labels).toEqual(own!.labels)
})

it('a data: address is read, and named by its start', async () => {
  const address = `data:image/png;base64,${readFileSync(file).toString('base64')}`
  const { code, stdout } = await captured(['classify', address, file, '--labels', 'cat,dog', '--json'])
  const [inline, own] = jsonLines(stdout) as { path: string; labels: unknown }[]
  expect(code).toBe(0)
  expect(inline!.path).toBe(`${address.slice(0, 80)}… (${address.length} characters)`)
  expect(inline!.labels).toEqual(own!.labels)
})

it('the page of inspect holds the image of each address', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
  const inline = `data:image/png;base64,${readFileSync(file).toString('base64')}`
  for (const word of [file, pathToFileURL(file).href, inline]) {
    const page = join(folder, 'page.html')
    const { code, stderr } = await captured(['inspect', word, '--html', page, '-q'])
    expect({ code, stderr: stderr.slice(0, 300) }).toEqual({ code: 0, stderr: expect.any(String) })
    expect(readFileSync(page, 'utf8')).toContain(inline)
  }
})

it('base64 that is taken for a path is not shown whole', async () => {
  const base64 = readFileSync(file).toString('base64')
  const { code, stderr } = await captured(['classify', base64, '--labels', 'cat,dog', '-q'])
  expect(code).toBe(2)
  expect(stderr).toContain(`${base64.slice(0, 80)}… (${base64.length} characters): no such file or folder`)
  expect(stderr.length).toBeLessThan(400)
})
