// Uses the build. Cases in which native code could end the process: each works, or is refused in a sentence.
//
// ARGUMENTS=20000 npx vitest run test/native-ends.test.ts      more file arguments, up to what the system allows

import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { main } from './survive/tiny-run.ts'

const root = new URL('../', import.meta.url)
const image = fileURLToPath(new URL('app/golden/stripes.png', root))
const starter = fileURLToPath(new URL('models/starter', root))
const library = new URL('dist/entry/node.js', root).href

let folder: string

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'typeclip-ends-')))
})

afterAll(() => rmSync(folder, { recursive: true }))

function node(argv: readonly string[]): { status: number | null; lines: string[]; stderr: string } {
  const options = { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 } as const
  const { status, stdout, stderr, signal, error } = spawnSync(process.execPath, argv, options)
  if (error) throw error
  expect(signal, stderr).toBeNull()
  return { status, lines: stdout.split('\n').slice(0, -1), stderr }
}

const program = (text: string) => ['--input-type=module', '-e', text]

it('accepts many file arguments', { timeout: 300_000 }, () => {
  const count = Number(process.env.ARGUMENTS ?? 400)
  const names = Array.from({ length: count }, (_, i) => `${String(i).padStart(86, '0')}.png`)
  for (const name of names) copyFileSync(image, join(folder, name))
  const { status, lines } = node([main, 'classify', ...names, '--labels', 'cat,dog', '--json'])
  expect(status).toBe(0)
  expect(lines.map((line) => JSON.parse(line).path)).toEqual(names)
})

it.skipIf(process.platform === 'win32')('accepts paths of nearly 4,000 bytes, of an image and of a model', () => {
  let deep = folder
  while (deep.length < 3800) deep = join(deep, 'd'.repeat(Math.min(200, 3899 - deep.length)))
  mkdirSync(deep, { recursive: true })
  copyFileSync(image, join(deep, 'a.png'))
  cpSync(starter, join(deep, 'model'), { recursive: true })
  const argv = [main, 'classify', join(deep, 'a.png'), '--labels', 'cat,dog', '--json', '--model', join(deep, 'model')]
  const { status, lines } = node(argv)
  expect({ status, path: JSON.parse(lines[0]!).path }).toEqual({ status: 0, path: join(deep, 'a.png') })
})

it('refuses a path that is too long for any system, in a sentence', () => {
  const path = `/${'e'.repeat(5000)}`
  expect(node([main, 'classify', path, '--labels', 'a,b'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(': no such file or folder'),
  })
  expect(node([main, 'classify', image, '--labels', 'a,b', '--model', path])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('is no file or folder here'),
  })
})

it('accepts 5,000 labels', () => {
  const labels = Array.from({ length: 5000 }, (_, i) => `label ${i}`)
  writeFileSync(join(folder, 'labels.txt'), labels.join('\n'))
  const { status, lines } = node([main, 'classify', image, '--labels-file', 'labels.txt', '--json'])
  expect(status).toBe(0)
  expect(JSON.parse(lines[0]!).labels).toHaveLength(5000)
})

const busy = `
  const { load } = await import('${library}')
  const pixels = { data: new Uint8Array(224 * 224 * 3).fill(90), width: 224, height: 224, channels: 3 }
  const clip = await load(undefined, { threads: 1 })
  await clip.encodeImage(pixels) // so that what follows is the session's run, and not its loading
  const encoding = clip.encodeImage(Array(64).fill(pixels))`

it.each([0, 40, 150])('ends on a signal while a session runs, %i ms after the start', (ms) => {
  expect(
    node(program(`${busy}; setTimeout(() => process.exit(3), ${ms}); await encoding; setTimeout(() => {}, 9999)`)),
  ).toEqual({ status: 3, lines: [], stderr: '' })
})

const inWorker = `
  const { parentPort } = await import('node:worker_threads')
  ${busy}
  parentPort.postMessage('started')
  parentPort.postMessage((await encoding).data[0])`

const workers = (then: string) =>
  program(`
    import { Worker } from 'node:worker_threads'
    const both = [1, 2].map(() => new Worker(${JSON.stringify(inWorker)}, { eval: true }))
    ${then}`)

it('runs two runtimes in two worker threads', () => {
  const { status, lines, stderr } = node(
    workers("for (const worker of both) worker.on('message', (value) => console.log(value))"),
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const numbers = lines.filter((line) => line !== 'started')
  expect(numbers).toHaveLength(2)
  expect(numbers[0]).toBe(numbers[1])
})

// Ending a thread while ONNX Runtime runs in it can abort the process: onnxruntime-node's own code does not expect to be
// interrupted, and JavaScript cannot prevent it (docs/en/decisions/graph.md).
it.each([
  ['the threads', 'for (const worker of both) worker.terminate()', 0],
  ['the process', 'process.exit(4)', 4],
])('ends %s after the sessions in worker threads have run', (_, end, status) => {
  const then = `
    let messages = 0
    const end = () => { ${end} }
    for (const worker of both) worker.on('message', () => ++messages === 4 && end())`
  expect(node(workers(then))).toEqual({ status, lines: [], stderr: '' })
})

it("does not print ONNX Runtime's own lines if a device cannot be used", () => {
  const { status, stderr } = node([main, 'classify', image, '--labels', 'a,b', '--device', 'cuda'])
  if (status === 0) return // a machine that has it
  expect(status).toBe(2)
  expect(stderr).toMatch(/device 'cuda' (cannot be used here|is not part of ONNX Runtime on this system)/)
  expect(stderr).not.toMatch(/\[[EWF]:onnxruntime/)
})
