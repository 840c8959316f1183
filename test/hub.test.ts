// A model by its hub id: from a server that responds like the hub, then from the cache, offline.

import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { load } from '../src/clip/load.node.ts'

const folder = fileURLToPath(new URL('../fixtures/parity/hf-quickgelu', import.meta.url))
const commit = 'a'.repeat(40)
const files = readdirSync(folder).filter((name) => name !== 'golden.safetensors')
const read = (name: string) => readFileSync(join(folder, name))
const hash = (name: string, algorithm: string, head = '') =>
  createHash(algorithm).update(head).update(read(name)).digest('hex')

let server: Server
/** Number of requests to the hub. */
let requests = 0
/** If set, responds to every request in place of the hub. */
let outage: number | undefined
let home: string

beforeAll(async () => {
  server = createServer((request, response) => {
    requests++
    if (outage) return void response.writeHead(outage).end()
    const path = decodeURIComponent(request.url!.split('?')[0]!)
    const asked = path.split(`/resolve/${commit}/`)[1]
    if (path.includes('/revision/')) response.end(JSON.stringify({ _id: '1', id: 'tiny/clip', sha: commit }))
    else if (path.includes('/tree/')) response.end(JSON.stringify(files.map(entry)))
    else if (asked && files.includes(asked)) response.end(read(asked))
    else response.writeHead(404).end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  home = mkdtempSync(join(tmpdir(), 'typeclip-home-'))
  vi.stubEnv('HF_ENDPOINT', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  vi.stubEnv('HF_HOME', home)
})

afterAll(() => {
  vi.unstubAllEnvs()
  server.close()
  rmSync(home, { recursive: true })
})

function entry(path: string): object {
  const { length } = read(path)
  const large = path.endsWith('.safetensors') && { lfs: { oid: hash(path, 'sha256'), size: length, pointerSize: 130 } }
  return { type: 'file', path, size: length, oid: hash(path, 'sha1', `blob ${length}\0`), ...large }
}

it('is loaded, and then loaded from the cache without a network', async () => {
  const seen = new Set<string>()
  const online = await load('tiny/clip', { onProgress: ({ file }) => seen.add(file) })
  expect([...seen].sort()).toEqual(['config.json', 'model.safetensors'])
  const gray = { data: new Uint8Array(32 * 32 * 3).fill(120), width: 32, height: 32, channels: 3 as const }
  const first = await online.encodeImage(gray)
  expect(first.shape).toEqual([1, 20])
  await online.dispose()

  vi.stubEnv('HF_HUB_OFFLINE', '1')
  server.closeAllConnections()
  const offline = await load('hf-hub:tiny/clip')
  expect((await offline.encodeImage(gray)).data).toEqual(first.data)
  await offline.dispose()
  await expect(load('tiny/other')).rejects.toThrow(/tiny\/other: the network is off .* Fetch it once/s)
})

it('is loaded from the cache, with a notice, if the hub fails', async () => {
  vi.stubEnv('HF_HUB_OFFLINE', '0')
  await (await load('tiny/clip')).dispose()
  outage = 503
  const clip = await load('tiny/clip')
  expect(clip.notices).toEqual([
    expect.stringMatching(/^tiny\/clip: .+ answered 503, so the copy in the cache is used/),
  ])
  await clip.dispose()
})

it.each([
  ['ViT-B/33', 'ViT-B/32'],
  ['ViT-B-32', 'ViT-B/32'],
  ['vit-b/32', 'ViT-B/32'],
  ['RN-50', 'RN50'],
  ['clip-vit-base-patch32', 'openai/clip-vit-base-patch32'],
])('%s is refused without a request: did you mean %s?', async (typed, meant) => {
  vi.stubEnv('HF_HUB_OFFLINE', '0')
  requests = 0
  await expect(load(typed)).rejects.toThrow(
    `'${typed}' is no file or folder here, and no name of a model; did you mean ${meant}?`,
  )
  expect(requests).toBe(0)
})

it('requests such a name from the hub after hf-hub:, and then suggests a similar one', async () => {
  vi.stubEnv('HF_HUB_OFFLINE', '0')
  outage = 404
  await expect(load('hf-hub:ViT-B/33')).rejects.toThrow(/no such repository.*did you mean ViT-B\/32\?/)
  await expect(load('openai/clip-vit-base-patch-32')).rejects.toThrow(/did you mean openai\/clip-vit-base-patch32\?/)
})
