import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { imageSource } from '../clip/image-source.node.ts'
import { shardBytes } from '../data/shard-bytes.node.ts'
import { fetchByProxy, proxyFor } from './proxy.node.ts'
import { retryingFetch } from './retry.node.ts'

describe('proxyFor', () => {
  const to = (address: string, environment: Record<string, string>) => proxyFor(new URL(address), environment)?.href

  it.each([
    [{}, undefined],
    [{ HTTPS_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
    [{ https_proxy: 'http://lower:1', HTTPS_PROXY: 'http://upper:1' }, 'http://lower:1/'],
    [{ https_proxy: '', HTTPS_PROXY: 'http://upper:1' }, undefined],
    [{ HTTP_PROXY: 'http://proxy:3128' }, undefined],
    [{ ALL_PROXY: 'proxy:3128' }, 'http://proxy:3128/'],
    [{ HTTPS_PROXY: 'user:pass@proxy:3128' }, 'http://user:pass@proxy:3128/'],
    [{ HTTPS_PROXY: 'http://proxy', NO_PROXY: '*' }, undefined],
    [{ HTTPS_PROXY: 'http://proxy', NO_PROXY: 'localhost, example.org' }, undefined],
    [{ HTTPS_PROXY: 'http://proxy', NO_PROXY: '.example.org' }, undefined],
    [{ HTTPS_PROXY: 'http://proxy', no_proxy: 'hub.example.org:443' }, undefined],
    [{ HTTPS_PROXY: 'http://proxy', no_proxy: 'hub.example.org:80' }, 'http://proxy/'],
    [{ HTTPS_PROXY: 'http://proxy', no_proxy: 'ample.org,other.org' }, 'http://proxy/'],
  ])('%j', (environment: Record<string, string>, proxy) => {
    expect(to('https://hub.example.org/x', environment)).toBe(proxy)
  })

  it('takes networks and addresses of both kinds in NO_PROXY', () => {
    const environment = { http_proxy: 'http://proxy', no_proxy: '10.0.0.0/8,192.168.1.7,fd00::/8,::1' }
    for (const host of ['10.1.2.3', '192.168.1.7', '[fd12::1]', '[::1]:8080']) {
      expect(to(`http://${host}/`, environment), host).toBeUndefined()
    }
    for (const host of ['11.1.2.3', '192.168.1.8', '[fe80::1]', 'ten.example']) {
      expect(to(`http://${host}/`, environment), host).toBe('http://proxy/')
    }
  })

  it('refuses what it cannot use, by the name of the variable', () => {
    expect(() => to('https://a.org', { all_proxy: 'socks5://user:secret@proxy:1080' })).toThrow(
      'all_proxy names a proxy of the kind socks5; http and https proxies can be used. Name one of those, or add a.org to NO_PROXY',
    )
    expect(() => to('https://a.org', { HTTPS_PROXY: 'http://a b' })).toThrow(
      'HTTPS_PROXY is no address; expected http://',
    )
  })
})

describe('fetchByProxy', () => {
  let asked: { method: string; target: string; authorization: string | undefined }[]
  let refuse: number | undefined
  let target: Server
  let proxy: Server
  let port: number

  const listen = async (server: Server) => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return (server.address() as AddressInfo).port
  }

  /** Whatever host is asked for, the proxy leads to `target`. */
  beforeEach(async () => {
    asked = []
    refuse = undefined
    target = createServer((_, response) => response.end('from the target'))
    proxy = createServer((incoming, response) => {
      asked.push({ method: 'GET', target: incoming.url!, authorization: incoming.headers['proxy-authorization'] })
      if (refuse) return void response.writeHead(refuse).end()
      const { pathname } = new URL(incoming.url!)
      request({ host: '127.0.0.1', port, path: pathname }, (answer) => answer.pipe(response))
        .on('error', () => response.destroy())
        .end()
    })
    proxy.on('connect', (incoming, socket) => {
      socket.on('error', () => {}) // the client hangs up where it likes
      asked.push({ method: 'CONNECT', target: incoming.url!, authorization: incoming.headers['proxy-authorization'] })
      if (refuse) return void socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`)
      const through = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        through.pipe(socket).pipe(through)
      })
      through.on('error', () => socket.destroy())
      socket.on('close', () => through.destroy())
    })
    port = await listen(target)
    const { NO_PROXY: _, no_proxy: __, ...names } = process.env
    for (const name of Object.keys(names)) if (/_proxy$/i.test(name)) vi.stubEnv(name, undefined)
    vi.stubEnv('NO_PROXY', undefined)
    vi.stubEnv('no_proxy', undefined)
    vi.stubEnv('ALL_PROXY', `http://user:p%40ss@127.0.0.1:${await listen(proxy)}`)
  })

  afterEach(() => {
    vi.unstubAllEnvs()
    for (const server of [target, proxy]) {
      server.closeAllConnections()
      server.close()
    }
  })

  const basic = `Basic ${Buffer.from('user:p@ss').toString('base64')}`

  it('asks the proxy for an http address, with its user name and password', async () => {
    const response = await retryingFetch({})('http://hub.example/models/x')
    expect(await response.text()).toBe('from the target')
    expect(asked).toEqual([{ method: 'GET', target: 'http://hub.example/models/x', authorization: basic }])
  })

  it.skipIf(spawnSync('openssl', ['version']).status !== 0)('reaches an https address through CONNECT', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'typeclip-tls-'))
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const flags = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=hub.example', '-days', '2']
    execFileSync('openssl', ['req', ...flags, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' })
    const options = { key: readFileSync(keyFile), cert: readFileSync(certFile) }
    const secure = createTlsServer(options, (_, response) => response.end('over TLS'))
    port = await listen(secure)
    try {
      // Its certificate is its own, which a program may not trust.
      await expect(fetchByProxy('https://hub.example/x')).rejects.toMatchObject({
        cause: { message: expect.stringContaining('SELF_SIGNED'), code: expect.stringContaining('SELF_SIGNED') },
      })
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
      const response = await fetchByProxy('https://hub.example/x', { headers: { accept: 'text/plain' } })
      expect(await response.text()).toBe('over TLS')
      expect(asked.at(-1)).toEqual({ method: 'CONNECT', target: 'hub.example:443', authorization: basic })
    } finally {
      secure.closeAllConnections()
      secure.close()
      rmSync(folder, { recursive: true })
    }
  })

  it('says that it was the proxy that refused, and keeps the password to itself', async () => {
    refuse = 407
    const error: Error = await fetchByProxy('https://hub.example/x').catch((error) => error)
    expect((error.cause as Error).message).toMatch(
      /^through the proxy http:\/\/127\.0\.0\.1:\d+: it wants a user name and a password; give them in its address/,
    )
    refuse = 403
    const other: Error = await fetchByProxy('https://hub.example/x').catch((error) => error)
    expect((other.cause as Error).message).toMatch(/^through the proxy http:\/\/127\.0\.0\.1:\d+: .*403/)
    expect((other.cause as Error).message).not.toContain('p@ss')
  })

  it('is how images and shards at an address are fetched as well', async () => {
    const { source } = await imageSource('http://images.example/a.png')
    expect(Buffer.from(source as Uint8Array).toString()).toBe('from the target')
    const shard = await shardBytes('http://shards.example/a.tar')
    expect(Buffer.from(await shard.read(4)).toString()).toBe('from')
    await shard.close()
    expect(asked.map(({ target }) => target)).toEqual(['http://images.example/a.png', 'http://shards.example/a.tar'])
  })

  it('leaves hosts that NO_PROXY names alone', async () => {
    vi.stubEnv('NO_PROXY', '127.0.0.1')
    expect(await (await fetchByProxy(`http://127.0.0.1:${port}/`)).text()).toBe('from the target')
    expect(asked).toEqual([])
  })

  it('can be stopped', async () => {
    target.removeAllListeners('request')
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('enough')), 50)
    await expect(fetchByProxy('http://hub.example/x', { signal: stop.signal })).rejects.toThrow('enough')
  })
})
