// Requests through the proxy that the environment names, by the rules of curl, pip and huggingface_hub.

import { BlockList, isIP } from 'node:net'
import type { Dispatcher } from 'undici'
import { UsageError } from '../errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** `fetch`, which in Node 20 takes no proxy by itself. */
export async function fetchByProxy(address: string | URL, init: RequestInit = {}): Promise<Response> {
  const proxy = proxyFor(new URL(address))
  if (!proxy) return fetch(address, init)
  const undici = await import('undici')
  // Without `proxyTunnel`, an http address is asked for as proxies expect it, and an https one through CONNECT.
  const make = () => new undici.ProxyAgent({ uri: proxy.href, proxyTunnel: false })
  const dispatcher = agents.get(proxy.href) ?? make()
  agents.set(proxy.href, dispatcher)
  // undici's types of the same things as Node's.
  const send = undici.fetch as unknown as (address: string | URL, init: object) => Promise<Response>
  try {
    return await send(address, { ...init, dispatcher })
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new TypeError('fetch failed', { cause: new ProxyError(innermost(error), proxy) })
  }
}

/** The `cause` of a request that failed on its way through a proxy. */
export class ProxyError extends Error {
  readonly code: string | undefined

  constructor({ code, message }: NodeJS.ErrnoException, proxy: URL) {
    const known = code === undefined || code.startsWith('UND_') ? undefined : code
    const wanted = 'it wants a user name and a password; give them in its address, http://user:password@host:port'
    const reason = /\b407\b/.test(message) ? wanted : known === undefined ? message : inWords(known)
    super(`through the proxy ${proxy.protocol}//${proxy.host}: ${reason}`)
    this.code = known
  }
}

const meanings: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no host of that name is known',
  EAI_AGAIN: 'no name server answers',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was broken off',
  ENETUNREACH: 'there is no network',
}

/** `ENOTFOUND, no host of that name is known`. */
export const inWords = (code: string): string => [code, meanings[code]].filter(Boolean).join(', ')

const agents = new Map<string, Dispatcher>()

function innermost(error: unknown): Error {
  let inner = error as Error
  while (inner.cause instanceof Error) inner = inner.cause
  return inner
}

/**
 * The proxy for an address: `https_proxy` or `http_proxy`, else `all_proxy`, unless `no_proxy` names the host. Lower-case
 * names come before the same in capitals, and an empty value means no proxy.
 *
 * @throws UsageError for one that cannot be used
 */
export function proxyFor({ protocol, hostname, port }: URL, environment: Environment = process.env): URL | undefined {
  const [name, value] = variable(environment, `${protocol.slice(0, -1)}_proxy`, 'all_proxy')
  if (!value) return undefined
  const [, exceptions = ''] = variable(environment, 'no_proxy')
  const host = hostname.replace(/^\[|\]$/g, '')
  const usedPort = port || (protocol === 'https:' ? '443' : '80')
  if (exceptions.split(/[\s,]+/).some((entry) => entry !== '' && matches(entry, host, usedPort))) return undefined
  const address = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`
  if (!URL.canParse(address)) {
    throw new UsageError(`${name} is no address; expected http://host:port or http://user:password@host:port`)
  }
  const proxy = new URL(address)
  if (proxy.protocol === 'http:' || proxy.protocol === 'https:') return proxy
  throw new UsageError(
    `${name} names a proxy of the kind ${proxy.protocol.slice(0, -1)}; http and https proxies can be used. Name one of those, or add ${host} to NO_PROXY`,
  )
}

function variable(environment: Environment, ...names: string[]): [name: string, value: string | undefined] {
  for (const name of names.flatMap((lower) => [lower, lower.toUpperCase()])) {
    const value = environment[name]
    if (value !== undefined) return [name, value.trim()]
  }
  return [names[0]!, undefined]
}

/** `*`, `example.com` with all below it, `.example.com`, `example.com:8080`, `10.0.0.0/8`. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  const [network, bits] = entry.split('/') as [string, string | undefined]
  if (bits !== undefined) return inNetwork(host, network, Number(bits))
  if (entry === host) return true // an IPv6 address has colons of its own
  const [, name, wantedPort] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase())!
  if (wantedPort !== undefined && wantedPort !== port) return false
  const suffix = name!.replace(/^\*?\./, '')
  return suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`))
}

function inNetwork(host: string, network: string, bits: number): boolean {
  const [kind, hostKind] = [isIP(network), isIP(host)]
  const family = kind === 6 ? 'ipv6' : 'ipv4'
  if (kind === 0 || kind !== hostKind || !(bits >= 0 && bits <= (kind === 6 ? 128 : 32))) return false
  const list = new BlockList()
  list.addSubnet(network, bits, family)
  return list.check(host, family)
}
