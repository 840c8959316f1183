import { createReadStream, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { InputError, UsageError } from '../errors.ts'
import { openaiPreprocessing } from '../formats/openai.ts'
import type { ImageInput } from './clip.ts'
import { createPreprocessor } from './preprocessor.node.ts'

const file = fileURLToPath(new URL('../../fixtures/images/rgb.png', import.meta.url))
const bytes = readFileSync(file)
const preprocessing = openaiPreprocessing(32)
const preprocessor = createPreprocessor({ preprocessing, workers: 0, maxBytes: 100_000, longestSilence: 1000 })
const read = (image: unknown, signal?: AbortSignal) =>
  preprocessor.preprocess(image as ImageInput, signal ? { signal } : {})
const messageOf = (image: unknown): Promise<string> =>
  read(image).then(
    () => 'read',
    (error: Error) => {
      expect(error).toBeInstanceOf(InputError)
      return error.message
    },
  )

let expected: Uint8Array
beforeAll(async () => {
  expected = await read(file)
})
afterAll(() => preprocessor.close())

describe('what is an image', () => {
  const base64 = bytes.toString('base64')
  const percent = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  const foreign = runInNewContext('new Uint8Array(list)', { list: [...bytes] })
  it.each<[string, unknown]>([
    ['an address of a file as a string', pathToFileURL(file).href],
    ['an address of a file as a URL', pathToFileURL(file)],
    ['base64 in a data: string', `data:image/png;base64,${base64}`],
    ['base64 in a data: URL', new URL(`data:image/png;base64,${base64}`)],
    ['percent-encoded bytes in a data: string', `data:image/png,${percent}`],
    ['an ArrayBuffer', new Uint8Array(bytes).buffer],
    ['a Blob', new Blob([new Uint8Array(bytes)])],
    ["bytes of another realm, as in a test runner's sandbox", foreign],
  ])('%s', async (_, image) => {
    expect(await read(image)).toEqual(expected)
  })
})

describe('what is none', () => {
  it.each<[string, () => unknown, string]>([
    ['undefined', () => undefined, 'found undefined'],
    ['null', () => null, 'found null'],
    ['a number', () => 3, 'found 3 (a number)'],
    ['a list', () => [file], 'found a list'],
    ['an empty object', () => ({}), 'found an object of class Object'],
    ['a Promise', () => Promise.resolve(file), 'found a Promise; await it'],
    ['numbers that are no bytes', () => new Float32Array(3), 'found an object of class Float32Array'],
    [
      'a file being read',
      () => createReadStream(file),
      'found a stream of bytes; read it first: await buffer(stream), of node:stream/consumers',
    ],
    ['a response being read', () => new Response('x').body, 'found a stream of bytes; read it first'],
    ['base64 that is broken', () => 'data:image/png;base64,%%%', 'this data: address cannot be read'],
    ['an address with a mistake', () => 'file://elsewhere:3/x.png', 'this is no address'],
    ['a file that is not there', () => '/nowhere.png', '/nowhere.png: cannot be read (no such file)'],
    ['a folder', () => fileURLToPath(new URL('..', import.meta.url)), 'it is a folder'],
  ])('%s', async (_, image, message) => {
    expect(await messageOf(image())).toContain(message)
  })

  it('is never shown whole where it is long', async () => {
    const base64 = Buffer.alloc(100_000, 'no image ').toString('base64')
    for (const image of [
      base64,
      `data:image/png;base64,${base64}`,
      `data:image/png;base64,${base64}%`,
      `./${base64}`,
    ]) {
      const message = await messageOf(image)
      expect(message.length).toBeLessThan(400)
      expect(message).toContain(image.slice(0, 80))
    }
    expect(await messageOf(base64)).toContain("give the bytes, Buffer.from(text, 'base64'), or a data: address")
  })
})

describe('an address', () => {
  let server: Server
  let address: string
  const closed: string[] = []
  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = request.url!
      response.on('close', () => closed.push(path))
      const answers: Record<string, () => void> = {
        '/image.png': () => response.end(bytes),
        '/slow.png': () => {
          // All in all longer than the silence that is allowed, but never silent for so long.
          const pieces = Array.from({ length: 5 }, (_, i) =>
            bytes.subarray((i * bytes.length) / 5, ((i + 1) * bytes.length) / 5),
          )
          const send = () => {
            const piece = pieces.shift()
            if (piece === undefined) response.end()
            else response.write(piece, () => setTimeout(send, 300))
          }
          send()
        },
        '/silent.png': () => {},
        '/stalled.png': () => response.writeHead(200).write(bytes.subarray(0, 999)),
        '/endless.png': () => {
          const more = () => {
            if (!response.destroyed) response.write(Buffer.alloc(10_000), more)
          }
          more()
        },
        '/announced.png': () => response.writeHead(200, { 'content-length': '5000000000' }).write('x'),
        '/loop.png': () => response.writeHead(302, { location: '/loop.png' }).end(),
        '/moved.png': () => response.writeHead(302, { location: '/image.png' }).end(),
        '/page.png': () => response.end('<!DOCTYPE html><title>Sign in</title>'),
        '/gone.png': () => response.writeHead(410).end('gone'),
      }
      answers[path]!()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  it.each(['/image.png', '/moved.png', '/slow.png'])('%s is read', async (path) => {
    expect(await read(`${address}${path}`)).toEqual(expected)
    expect(await read(new URL(path, address))).toEqual(expected)
  })

  it.each([
    ['/silent.png', 'nothing was received for 1 s'],
    ['/stalled.png', 'nothing was received for 1 s'],
    ['/endless.png', 'more than the 100000 bytes allowed; raise `maxBytes`'],
    ['/announced.png', '5000000000 bytes, more than the 100000 bytes allowed; raise `maxBytes`'],
    ['/loop.png', 'redirect'],
    ['/page.png', 'this is an HTML page (perhaps a failed download)'],
    ['/gone.png', 'the server answered 410'],
  ])('%s is one image that failed', async (path, message) => {
    const found = await messageOf(`${address}${path}`)
    expect(found).toContain(`${address}${path}`)
    expect(found).toContain(message)
    expect(await read(`${address}/image.png`)).toEqual(expected)
  })

  it('is let go when it failed', async () => {
    await expect.poll(() => closed).toEqual(expect.arrayContaining(['/silent.png', '/stalled.png', '/endless.png']))
  })

  it('can be refused by its caller, with the reason given', async () => {
    const stop = new AbortController()
    const reading = read(`${address}/silent.png`, stop.signal)
    stop.abort(new Error('enough'))
    await expect(reading).rejects.toThrow('enough')
  })

  it('is asked for through the proxy that the environment names', async () => {
    const asked: string[] = []
    const proxy = createServer((request, response) => {
      asked.push(request.url!)
      response.end(bytes)
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    vi.stubEnv('no_proxy', '')
    vi.stubEnv('http_proxy', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
    expect(await read('http://pictures.example/cat.png')).toEqual(expected)
    expect(asked).toEqual(['http://pictures.example/cat.png'])
    vi.stubEnv('http_proxy', 'socks5://127.0.0.1:1')
    await expect(read('http://pictures.example/cat.png')).rejects.toThrow(UsageError)
    vi.unstubAllEnvs()
    proxy.closeAllConnections()
    proxy.close()
  })

  it('that nobody answers is named', async () => {
    const free = await new Promise<number>((resolve) => {
      const other = createServer().listen(0, '127.0.0.1', () => {
        const { port } = other.address() as AddressInfo
        other.close(() => resolve(port))
      })
    })
    expect(await messageOf(`http://127.0.0.1:${free}/x.png`)).toMatch(/x\.png cannot be fetched: ECONNREFUSED/)
  })
})
