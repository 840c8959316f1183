import { createHash } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { mkdtemp, readdir, readFile, readlink, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type DownloadOptions, download } from './hub.node.ts'
import { openaiModels, openaiUrl } from './openai-models.ts'
import { networkAdvice, triesAfter } from './retry.node.ts'
import { downloadUrl } from './url.node.ts'

const commit = 'c'.repeat(40)
const weights = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 3))
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const gitSha = (bytes: Uint8Array) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')

/** What one test wants of the hub and of the host that serves its large files. */
interface Hub {
  files: Record<string, Buffer>
  /** Answers in place of the usual, for one path; undefined leaves it. */
  answer?: (path: string, request: IncomingMessage, response: ServerResponse) => boolean | undefined
  /** The same on the host of large files. */
  serve?: (request: IncomingMessage, response: ServerResponse) => boolean | undefined
  /** Listed in place of what the files are. */
  listing?: unknown[]
}

let hub: Hub
let asked: { host: 'hub' | 'cdn'; path: string; range: string | undefined; token: string | undefined }[]
let servers: Server[]
let endpoint: string
let cdn: string
let cacheDir: string
let options: DownloadOptions
const progress: [string, number, number][] = []

const isLarge = (name: string) => /\.(safetensors|bin|pt)$/.test(name)

beforeEach(async () => {
  hub = { files: { 'config.json': Buffer.from('{}'), 'README.md': Buffer.from('no'), 'model.safetensors': weights } }
  asked = []
  progress.length = 0
  cacheDir = await realpath(await mkdtemp(join(tmpdir(), 'typeclip-hub-')))
  const listen = async (host: 'hub' | 'cdn', handle: (path: string, q: IncomingMessage, a: ServerResponse) => void) => {
    const server = createServer((request, response) => {
      const path = decodeURIComponent(request.url!.split('?')[0]!)
      asked.push({ host, path, range: request.headers.range, token: request.headers.authorization })
      handle(path, request, response)
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return server
  }
  servers = [await listen('hub', asHub), await listen('cdn', asCdn)]
  const [here, there] = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  endpoint = here!
  cdn = there!
  options = {
    endpoint,
    cacheDir,
    token: 'secret',
    retryDelay: 1,
    onProgress: ({ file, received, total }) => progress.push([file, received, total]),
  }
})

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  await rm(cacheDir, { recursive: true })
})

function asHub(path: string, request: IncomingMessage, response: ServerResponse) {
  if (hub.answer?.(path, request, response)) return
  const json = (value: unknown) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(value))
  }
  if (path.startsWith('/api/models/org/clip/revision/')) return json({ _id: '1', id: 'org/clip', sha: commit })
  if (path === `/api/models/org/clip/tree/${commit}`) {
    const entry = ([name, bytes]: [string, Buffer]) => ({
      type: 'file',
      path: name,
      oid: gitSha(bytes),
      size: bytes.length,
      ...(isLarge(name) ? { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } } : {}),
    })
    return json(hub.listing ?? Object.entries(hub.files).map(entry))
  }
  const name = path.split(`/org/clip/resolve/${commit}/`)[1]
  const bytes = name === undefined ? undefined : hub.files[name]
  if (!bytes) return void response.writeHead(404).end()
  if (!isLarge(name!)) return void response.end(bytes)
  response.writeHead(302, { location: `${cdn}/${name}`, 'x-linked-etag': sha256(bytes), 'x-repo-commit': commit }).end()
}

function asCdn(path: string, request: IncomingMessage, response: ServerResponse) {
  if (hub.serve?.(request, response)) return
  send(hub.files[path.slice(1)]!, request, response)
}

function send(bytes: Buffer, request: IncomingMessage, response: ServerResponse) {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const status = start > 0 ? 206 : 200
  const range = start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}
  response.writeHead(status, { 'content-length': bytes.length - start, etag: '"a"', ...range })
  response.end(bytes.subarray(start))
}

/** Sends this number of bytes and closes the connection. */
function cut(after: number, request: IncomingMessage, response: ServerResponse) {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const range = start > 0 ? { 'content-range': `bytes ${start}-${weights.length - 1}/${weights.length}` } : {}
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': weights.length - start, etag: '"a"', ...range })
  response.write(weights.subarray(start, start + after), () => setTimeout(() => response.destroy(), 20))
  return true
}

const blob = () => join(cacheDir, 'models--org--clip', 'blobs', sha256(weights))
const weightsIn = async (snapshot: string) => (await readFile(join(snapshot, 'model.safetensors'))).equals(weights)
const fetched = () => asked.filter(({ path }) => isLarge(path) && !path.includes('/resolve/'))

describe('download', () => {
  it("fills the cache as Hugging Face's own programs do", async () => {
    const snapshot = await download('org/clip', options)
    expect(snapshot).toBe(join(cacheDir, 'models--org--clip', 'snapshots', commit))
    expect((await readdir(snapshot)).sort()).toEqual(['config.json', 'model.safetensors'])
    expect(await readlink(join(snapshot, 'model.safetensors'))).toBe(join('..', '..', 'blobs', sha256(weights)))
    expect(await readFile(join(cacheDir, 'models--org--clip', 'refs', 'main'), 'utf8')).toBe(commit)
    expect((await readdir(join(cacheDir, 'models--org--clip', 'blobs'))).sort()).toEqual(
      [gitSha(hub.files['config.json']!), sha256(weights)].sort(),
    )
    expect(progress.at(-1)).toEqual(['model.safetensors', weights.length, weights.length])

    asked.length = 0
    expect(await download('org/clip', options)).toBe(snapshot)
    expect(asked.filter(({ path }) => !path.startsWith('/api/'))).toEqual([])
  })

  it('fetches the processor and the tokenizer too, and nothing that no one reads', async () => {
    const files = ['processor_config.json', 'tokenizer.json', 'vocab.json', 'merges.txt', 'added_tokens.json'].concat([
      'special_tokens_map.json',
      'tokenizer_config.json',
    ])
    for (const file of [...files, 'flax_model.msgpack']) hub.files[file] = Buffer.from('{}')
    const snapshot = await download('org/clip', options)
    expect((await readdir(snapshot)).sort()).toEqual([...files, 'config.json', 'model.safetensors'].sort())
  })

  it.each([
    ['adapter_config.json', 'org/clip: is an adapter of PEFT, not a model; merge it into its base model first'],
    ['model_index.json', 'org/clip: is a diffusers pipeline, not a model; use the whole CLIP'],
    ['other.json', 'org/clip: has no weights that typeclip reads'],
  ])('names a repository that is no model: %s', async (file, message) => {
    hub.files = { [file]: Buffer.from('{}') }
    await expect(download('org/clip', options)).rejects.toThrow(message)
  })

  it('fetches the CLIP inside a sentence-transformers repository, and finds it again', async () => {
    hub.files = {
      'modules.json': Buffer.from('[]'),
      '0_CLIPModel/config.json': Buffer.from('{}'),
      '0_CLIPModel/vocab.json': Buffer.from('{}'),
      '0_CLIPModel/model.safetensors': weights,
    }
    const snapshot = await download('org/clip', options)
    expect((await readdir(snapshot)).sort()).toEqual(['0_CLIPModel', 'modules.json'])
    expect(await weightsIn(join(snapshot, '0_CLIPModel'))).toBe(true)
    expect((await readdir(join(snapshot, '0_CLIPModel'))).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'vocab.json',
    ])
    expect(await download('org/clip', { ...options, offline: true })).toBe(snapshot)
  })

  it('keeps the token from the host that it is redirected to', async () => {
    await download('org/clip', options)
    expect(asked.filter(({ host }) => host === 'hub').every(({ token }) => token === 'Bearer secret')).toBe(true)
    expect(asked.filter(({ host }) => host === 'cdn').map(({ token }) => token)).toEqual([undefined])
  })

  it('continues where the connection broke off, as often as it breaks', async () => {
    hub.serve = (request, response) => (fetched().length <= 7 ? cut(40_000, request, response) : undefined)
    expect(await weightsIn(await download('org/clip', options))).toBe(true)
    const starts = fetched().map(({ range }) => range)
    expect(starts).toHaveLength(8)
    expect(starts.slice(0, 3)).toEqual([undefined, 'bytes=40000-', 'bytes=80000-'])
  })

  it('continues where an earlier download was stopped', async () => {
    const stop = new AbortController()
    hub.serve = (request, response) => {
      setTimeout(() => stop.abort(new Error('enough')), 100)
      const { length } = weights
      response.writeHead(200, { 'content-length': length })
      response.write(weights.subarray(0, 100_000))
      return request.headers.range === undefined
    }
    await expect(download('org/clip', { ...options, signal: stop.signal })).rejects.toThrow('enough')
    expect((await stat(`${blob()}.incomplete`)).size).toBe(100_000)
    delete hub.serve
    expect(await weightsIn(await download('org/clip', options))).toBe(true)
    expect(fetched().at(-1)!.range).toBe('bytes=100000-')
    expect((await readdir(join(cacheDir, 'models--org--clip', 'blobs'))).length).toBe(2)
  })

  it('starts again where what was left is damaged, or the server knows no ranges', async () => {
    await expect(download('org/clip', { ...options, signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
    await download('org/clip', { ...options, files: ['config.json'] })
    await writeFile(`${blob()}.incomplete`, Buffer.alloc(50_000))
    expect(await weightsIn(await download('org/clip', options))).toBe(true)
    expect(fetched().map(({ range }) => range)).toEqual(['bytes=50000-', undefined])

    await rm(join(cacheDir, 'models--org--clip'), { recursive: true })
    await download('org/clip', { ...options, files: ['config.json'] })
    await writeFile(`${blob()}.incomplete`, weights.subarray(0, 50_000))
    hub.serve = (_, response) => {
      response.end(weights)
      return true
    }
    expect(await weightsIn(await download('org/clip', options))).toBe(true)
  })

  it('refuses what is not what was published, and keeps nothing of it', async () => {
    hub.serve = (request, response) => {
      send(Buffer.alloc(weights.length), request, response)
      return true
    }
    await expect(download('org/clip', options)).rejects.toThrow(/what was received is not what was published .*SHA-256/)
    hub.serve = (request, response) => {
      send(Buffer.alloc(weights.length + 1), request, response)
      return true
    }
    await expect(download('org/clip', options)).rejects.toThrow(`sends more than the ${weights.length} bytes`)
    expect(await readdir(join(cacheDir, 'models--org--clip', 'blobs'))).toHaveLength(1)
    hub.answer = (path, _, response) => path.includes('/resolve/') && path.endsWith('.json') && !!response.end('[]')
    await rm(join(cacheDir, 'models--org--clip'), { recursive: true })
    await expect(download('org/clip', options)).rejects.toThrow('git SHA-1')
  })

  it('tries again what may pass, and says when it does not', async () => {
    let failures = 3
    hub.answer = (_, __, response) => failures-- > 0 && !!response.writeHead(503, { 'retry-after': '0' }).end()
    let broken = 3
    hub.serve = (request, response) => (broken-- > 0 ? cut(0, request, response) : undefined)
    expect(await weightsIn(await download('org/clip', options))).toBe(true)
    await rm(join(cacheDir, 'models--org--clip'), { recursive: true })
    hub = { files: hub.files, serve: (_, response) => !!response.writeHead(500).end() }
    await expect(download('org/clip', options)).rejects.toThrow('the server answered 500, 5 times in a row')
  })

  it.each([
    [
      401,
      'api',
      /not to be had with the token that is set, .*; check the name; if it is private or gated, set HF_TOKEN/,
    ],
    [404, 'api', /no such repository, or no revision 'main' in it/],
    [403, 'resolve', /may not be read with the token that is set\. If it is gated, accept its terms on .*\/org\/clip/],
  ])('says what %i to %s means', async (status, part, sentence) => {
    hub.answer = (path, _, response) => path.includes(`/${part}/`) && !!response.writeHead(status).end()
    await expect(download('org/clip', options)).rejects.toThrow(sentence)
  })

  it.each([401, 403, 404, 408, 429, 500, 503])('takes the cache where the hub answers %i, at once', async (status) => {
    const snapshot = await download('org/clip', options)
    asked.length = 0
    hub.answer = (path, _, response) =>
      path.startsWith('/api/') && !!response.writeHead(status, { 'retry-after': '20' }).end()
    const notices: string[] = []
    const began = performance.now()
    expect(await download('org/clip', { ...options, onFallback: (notice) => notices.push(notice) })).toBe(snapshot)
    expect(performance.now() - began).toBeLessThan(2000)
    expect(asked).toHaveLength(1)
    expect(notices).toEqual([
      `org/clip: ${new URL(endpoint).host} answered ${status}, so the copy in the cache is used (commit ccccccc); with HF_HUB_OFFLINE=1 the hub is not asked`,
    ])
  })

  it('takes the cache where the hub lists a newer commit and does not give its files', async () => {
    const snapshot = await download('org/clip', options)
    const newer = 'd'.repeat(40)
    hub.answer = (path, _, response) => {
      if (path.includes('/revision/')) return !!response.end(JSON.stringify({ _id: '1', id: 'org/clip', sha: newer }))
      if (!path.includes('/tree/')) return !!response.writeHead(403).end()
      const readme = { type: 'file', path: 'config.json', oid: 'e'.repeat(40), size: 3 }
      return !!response.setHeader('content-type', 'application/json').end(JSON.stringify([readme]))
    }
    const notices: string[] = []
    expect(await download('org/clip', { ...options, onFallback: (notice) => notices.push(notice) })).toBe(snapshot)
    expect(notices).toEqual([expect.stringContaining('answered 403, so the copy in the cache is used')])
  })

  it('does not take the cache for what was received damaged', async () => {
    const snapshot = await download('org/clip', options)
    await rm(await realpath(join(snapshot, 'config.json')))
    await rm(join(snapshot, 'config.json'))
    hub.answer = (path, _, response) => path.includes('/resolve/') && !!response.end('[]')
    await expect(download('org/clip', options)).rejects.toThrow('what was received is not what was published')
  })

  it('says what it waits for, after a second and before each new try', async () => {
    const said: string[] = []
    const { host } = new URL(endpoint)
    let first = true
    hub.answer = (path, _, response) => {
      if (!path.includes('/revision/') || !first) return false
      first = false
      setTimeout(() => response.writeHead(503).end(), 1300)
      return true
    }
    await download('org/clip', { ...options, onWait: (message) => said.push(message) })
    expect(said).toEqual([
      `waiting for ${host}, for up to 30 s`,
      `${host}: the server answered 503; trying again now (try 2 of 5)`,
    ])
  })

  it('offline, takes the cache or says what to do', async () => {
    vi.stubEnv('TRANSFORMERS_OFFLINE', '1')
    await expect(download('org/clip', options)).rejects.toThrow('the network is off (TRANSFORMERS_OFFLINE)')
    vi.stubEnv('HF_HUB_OFFLINE', '1')
    await expect(download('org/clip', options)).rejects.toThrow(
      /the network is off \(HF_HUB_OFFLINE\), and the cache .* does not hold it\. Fetch it once/,
    )
    vi.stubEnv('HF_HUB_OFFLINE', '0')
    const snapshot = await download('org/clip', options)
    asked.length = 0
    vi.stubEnv('HF_HUB_OFFLINE', 'true')
    expect(await download('org/clip', options)).toBe(snapshot)
    expect(asked).toEqual([])
  })

  it('takes the cache where the hub cannot be reached', async () => {
    const nowhere = { ...options, endpoint: 'http://127.0.0.1:1' }
    await expect(download('org/clip', nowhere)).rejects.toThrow(
      /127\.0\.0\.1:1 cannot be reached \(.+\), and the cache/,
    )
    const snapshot = await download('org/clip', options)
    const notices: string[] = []
    expect(await download('org/clip', { ...nowhere, onFallback: (notice) => notices.push(notice) })).toBe(snapshot)
    expect(notices).toEqual([
      expect.stringMatching(/127\.0\.0\.1:1 cannot be reached \(.+\), so the copy in the cache/),
    ])
  })

  it('says what a certificate that is not trusted means', () => {
    const error = new TypeError('fetch failed', {
      cause: Object.assign(new Error('x'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
    })
    expect(triesAfter(error, 'https://hub.example')).toBe(1)
    expect(networkAdvice(error)).toContain('set NODE_EXTRA_CA_CERTS')
  })

  it('gives a host whose name is not known one more try, unless it has answered before', async ({ skip }) => {
    const unknown = await lookup('hub.invalid').catch((error: NodeJS.ErrnoException) => error)
    if (!(unknown instanceof Error) || unknown.code !== 'ENOTFOUND') skip('no name server answers here')
    const said: string[] = []
    const lost = { ...options, endpoint: 'http://hub.invalid', onWait: (message: string) => said.push(message) }
    await expect(download('org/clip', lost)).rejects.toThrow(
      /hub\.invalid cannot be reached \(ENOTFOUND, no host of that name is known\), .* HTTPS_PROXY/s,
    )
    expect(said).toEqual(['hub.invalid: ENOTFOUND, no host of that name is known; trying again now (try 2 of 2)'])
    const error = new TypeError('fetch failed', { cause: unknown })
    await download('org/clip', options)
    expect([triesAfter(error, 'http://hub.invalid'), triesAfter(error, endpoint)]).toEqual([2, 5])
  })

  it('follows HF_ENDPOINT, HF_TOKEN, HUGGING_FACE_HUB_TOKEN and HF_HOME', async () => {
    vi.stubEnv('HF_ENDPOINT', `${endpoint}/`)
    vi.stubEnv('HF_TOKEN', 'other')
    vi.stubEnv('HF_HOME', cacheDir)
    vi.stubEnv('HF_HUB_CACHE', undefined)
    const snapshot = await download('org/clip', { retryDelay: 1 })
    expect(snapshot).toBe(join(cacheDir, 'hub', 'models--org--clip', 'snapshots', commit))
    expect(asked[0]!.token).toBe('Bearer other')
    vi.stubEnv('HF_TOKEN', '')
    vi.stubEnv('HUGGING_FACE_HUB_TOKEN', 'older')
    asked.length = 0
    await download('org/clip', { retryDelay: 1 })
    expect(asked[0]!.token).toBe('Bearer older')
  })

  it('fetches the shards of an index', async () => {
    const index = { weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors' } }
    hub.files = {
      'model.safetensors.index.json': Buffer.from(JSON.stringify(index)),
      'model-1.safetensors': weights,
      'model-2.safetensors': weights.subarray(1000),
      'model-3.safetensors': weights.subarray(2000),
    }
    const snapshot = await download('org/clip', options)
    const names = ['model-1.safetensors', 'model-2.safetensors', 'model.safetensors.index.json']
    expect((await readdir(snapshot)).sort()).toEqual(names)
  })

  it('refuses listings that would leave the cache, and names that are none', async () => {
    for (const path of ['../../evil.safetensors', '/etc/x', 'a\\..\\b', 'model.safetensors/../../x']) {
      hub.listing = [{ type: 'file', path, oid: 'a'.repeat(40), size: 1 }]
      await expect(download('org/clip', options)).rejects.toThrow('lists a file in a way that cannot be used')
    }
    hub.listing = [{ type: 'file', path: 'config.json', oid: '../../../evil', size: 1 }]
    await expect(download('org/clip', options)).rejects.toThrow('lists a file in a way that cannot be used')
    hub.listing = [{ type: 'file', path: 'config.json', oid: gitSha(Buffer.from('{}')), size: 2 }]
    await expect(download('org/clip', options)).rejects.toThrow('has no weights that typeclip reads')
    for (const name of ['../x', 'a/b/c', 'a/..', ''])
      await expect(download(name, options)).rejects.toThrow('organisation/name')
    await expect(download('org/clip', { ...options, revision: '../../x' })).rejects.toThrow('organisation/name')
  })

  it('lets two fetch the same at once', async () => {
    const [one, two] = await Promise.all([download('org/clip', options), download('org/clip', options)])
    expect(one).toBe(two)
    expect(await weightsIn(one)).toBe(true)
    expect(await readdir(join(cacheDir, 'models--org--clip', 'blobs'))).toHaveLength(2)
  })
})

describe('downloadUrl', () => {
  it('fetches a file by the SHA-256 in its URL, once, and offline finds it', async () => {
    hub.files[`models/${sha256(weights)}/ViT-B-32.pt`] = weights
    const url = `${cdn}/models/${sha256(weights)}/ViT-B-32.pt`
    await expect(downloadUrl(url, { ...options, offline: true })).rejects.toThrow('Fetch it once with a network')
    const file = await downloadUrl(url, options)
    expect(file).toBe(join(cacheDir, 'ViT-B-32.pt'))
    expect(await downloadUrl(url, { ...options, offline: true })).toBe(file)
    expect(asked).toHaveLength(1)
    await writeFile(file, 'damaged')
    expect((await readFile(await downloadUrl(url, options))).equals(weights)).toBe(true)
    await expect(downloadUrl(`${cdn}/model.pt`, options)).rejects.toThrow('has no SHA-256')
    const closed = createServer()
    await new Promise<void>((done) => closed.listen(0, '127.0.0.1', done))
    const { port } = closed.address() as AddressInfo
    await new Promise((done) => closed.close(done))
    const nowhere = url.replace(cdn, `http://127.0.0.1:${port}`).replace('ViT-B-32', 'other')
    await expect(downloadUrl(nowhere, options)).rejects.toThrow(
      /ECONNREFUSED.*, 3 times in a row\. Check the network.* Or copy the file to .*other\.pt from a machine that has it/,
    )
  })

  it("knows OpenAI's nine", () => {
    expect(openaiModels).toHaveLength(9)
    expect(openaiUrl('ViT-L/14@336px')).toMatch(/\/3035c92b[0-9a-f]{56}\/ViT-L-14-336px\.pt$/)
    expect(openaiUrl('toString')).toBeUndefined()
  })
})
