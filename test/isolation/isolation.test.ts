// Uses the build. Nothing leaves the machine: a run writes only its output, and contacts no address.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { main } from '../survive/tiny-run.ts'
import { trace, tracers } from './trace.ts'

const root = new URL('../../', import.meta.url)
const library = new URL('dist/entry/node.js', root).href
const images = fileURLToPath(new URL('app/golden', root))

/** Long enough for background requests to start. */
const pause = 'await new Promise((resolve) => setTimeout(resolve, 2000))'
const encode = `
  const { load } = await import('${library}')
  const clip = await load()
  const pixels = { data: new Uint8Array(64 * 64 * 3).fill(90), width: 64, height: 64, channels: 3 }
  await clip.encodeImage([pixels, pixels, pixels, pixels])
  await clip.encodeText('a cat')
  ${pause}
  await clip.dispose()`
const inWorker = (options: string) => `
  import { Worker } from 'node:worker_threads'
  const worker = new Worker(${JSON.stringify(`(async () => {${encode}})()`)}, { eval: true, ${options} })
  worker.on('error', (error) => { throw error })`

const runs: Record<string, { argv: string[]; writes: string[] }> = {
  'typeclip classify': { argv: [main, 'classify', images, '--labels', 'cat,dog', '--json'], writes: [] },
  'typeclip embed': {
    argv: [main, 'embed', images, '--out', 'vectors.npy'],
    writes: ['vectors.npy', 'vectors.rows.jsonl'],
  },
  'the library': { argv: ['--input-type=module', '-e', encode], writes: [] },
  'the library in a worker thread': { argv: ['--input-type=module', '-e', inWorker('')], writes: [] },
  'the library in a worker thread with an environment of its own': {
    argv: ['--input-type=module', '-e', inWorker("env: { NOTHING: 'here' }")],
    writes: [],
  },
}

/** A temporary file that is renamed when complete. */
const partial = /\.partial$/

describe.each(tracers)('traced by %s', (tracer) => {
  it.skipIf(process.platform !== 'linux')('sees files and addresses if there are any', async () => {
    const program = `
      const { mkdirSync, writeFileSync } = require('node:fs')
      mkdirSync(process.env.HOME + '/.cache')
      writeFileSync(process.env.HOME + '/.cache/deviceid', '1')
      const socket = require('node:dgram').createSocket('udp4')
      socket.bind(0, '127.0.0.1', () => setTimeout(() => socket.close(), 200))`
    const { written, network } = await trace(tracer, ['-e', program])
    expect(written).toEqual(['home/.cache', 'home/.cache/deviceid'])
    expect(network).not.toEqual([])
  })

  // The second tracer is used if the first is not installed; one run shows that it works.
  const traced = tracer === tracers[0] ? Object.keys(runs) : ['the library']
  it.each(traced)('%s', async (name) => {
    const { argv, writes } = runs[name]!
    const { code, stderr, written, network } = await trace(tracer, argv)
    expect(code, stderr).toBe(0)
    expect(written.filter((name) => !partial.test(name))).toEqual(writes)
    expect(network).toEqual([])
  })
})

describe('a worker thread that cannot reach the main thread', () => {
  // Node's permission model disables the inspector and nothing else.
  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission'
  const flags = [permission, '--allow-fs-read=*', '--allow-worker', '--allow-addons']
  const program = `
    const { Worker } = require('node:worker_threads')
    const encode = "import('${library}').then(async ({ load }) => { await (await load()).encodeText('a cat') })"
    new Worker(encode, { eval: true }).on('error', ({ message }) => console.log(message))`
  const run = (environment: Record<string, string>) => {
    const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env
    return spawnSync(process.execPath, [...flags, '-e', program], { env: { ...env, ...environment }, encoding: 'utf8' })
  }

  it('is refused, with the variable to set', () => {
    const { status, stdout, stderr } = run({})
    expect(status, stderr).toBe(0)
    expect(stdout).toMatch(/telemetry cannot be switched off .* Start the process with ORT_DISABLE_TELEMETRY=1/)
  })

  it('works if the process was started with the variable', () => {
    const { status, stdout, stderr } = run({ ORT_DISABLE_TELEMETRY: '1' })
    expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: '' })
  })
})
