// Every file of examples/ runs as it stands, and prints what it should; the pages about them name each one.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)
const names = readdirSync(join(root, 'examples'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
  .sort()

/** What an example prints. */
type Check = (lines: string[]) => void

const printed: Record<string, Check> = {
  'embed-a-folder': (lines) => {
    expect(lines[0]).toBe('9 embeddings of 128 numbers')
    expect(lines[1]).toMatch(/^0\.6\d\d shoes\.jpg$/)
    expect(lines).toHaveLength(4)
  },
  'zero-shot': (lines) => {
    expect(lines[0]).toMatch(/^examples\/pictures\/hat\.jpg: hat 0\.9\d, then shoes$/)
    expect(lines[1]).toMatch(/^examples\/pictures\/lemon\.jpg: lemon (0\.99|1\.00), then orange$/)
    expect(lines[2]).toBe('with seven templates: hat, lemon')
    expect(lines[3]).toMatch(/^\[ 2, 2 \] 0\.7\d 0\.\d\d 0\.1\d 0\.7\d$/)
  },
  'reuse-a-classifier': (lines) => {
    expect(lines).toEqual([
      '9 classes, 1152 weights',
      'examples/pictures/apple.jpg: apple',
      'examples/pictures/pants.jpg: pants',
      'examples/pictures/cabbage.jpg: cabbage',
      'read back: shirt, hat, shoes, pants, apple, orange, lemon, tomato, cabbage',
    ])
  },
  'handle-errors': (lines) => {
    expect(lines[0]).toBe('input 1: nowhere.jpg: cannot be read (no such file)')
    expect(lines[1]).toMatch(/^UsageError: .*`onLong` is 'cut'; expected 'error' or 'truncate' or 'chunk'/)
  },
  'worker-thread': (lines) => {
    expect(lines[0]).toMatch(/^embeddings \[3,128\], first value 0\.120\d$/)
    expect(lines[1]).toBe('the main thread ran its timer meanwhile: true')
  },
  'train-from-scratch': (lines) => {
    expect(lines[0]).toBe('3380737 parameters, 9 samples')
    const losses = numbers(lines, /^step \d+: loss (.+)$/)
    expect(losses).toHaveLength(4)
    expect(losses[0]).toBeGreaterThan(0.5)
    expect(losses[3]).toBeLessThan(0.1)
    expect(lines.at(-1)).toBe('the trained model embeds an image as [1,32]')
  },
  'finetune-linear-probe': (lines) => {
    const accuracy = lines.find((line) => line.startsWith('accuracy'))
    expect(accuracy).toMatch(/^accuracy on 3 images: zero-shot 1\.00, linear probe (0\.67|1\.00)$/)
    expect(lines.at(-1)).toBe('shoes.jpg: clothes')
  },
  'finetune-tip-adapter-f': (lines) => {
    expect(lines).toContain('accuracy on 3 images: zero-shot 1.00, Tip-Adapter-F 1.00')
    expect(lines.at(-2)).toMatch(/^6 cached images, alpha \d\.\d\d$/)
    expect(lines.at(-1)).toBe('cabbage.jpg: food')
  },
  'finetune-lora': (lines) => {
    const losses = numbers(lines, /^step \d of 6: loss (.+)$/)
    expect(losses).toHaveLength(6)
    expect(losses[5]).toBeLessThan(losses[0]!)
    expect(lines.at(-2)).toBe('accuracy on 3 images: 1.00')
    expect(lines.at(-1)).toBe('lemon.jpg: lemon')
  },
  'finetune-wise-ft': (lines) => {
    const losses = numbers(lines, /^step \d of 4: loss (.+)$/)
    expect(losses).toHaveLength(4)
    expect(losses[3]).toBeLessThan(losses[0]! / 2)
    expect(lines.at(-1)).toBe('orange.jpg: food')
  },
  evaluate: (lines) => {
    expect(lines[0]).toBe('top-1 1.00, mean per class 1.00, 9 images')
    expect(lines[1]).toBe('apple: recall 1.00, precision 1.00')
    expect(lines[2]).toMatch(/^calibration error 0\.\d\d$/)
  },
  'own-graph': (lines) => {
    expect(lines).toContain('%0 = MatMul(x, w) → float32 [n, 1]')
    expect(lines).toContain('step 0: loss 3.75000')
    expect(lines.at(-1)).toBe('w = 2.000, -1.000')
  },
  tokenize: (lines) => {
    expect(lines).toEqual([
      'a photo of a cat: 49406 320 1125 539 320 2368 49407',
      '<|startoftext|> a</w> photo</w> of</w> a</w> cat</w> <|endoftext|>',
      'Two dogs & a ball.: 49406 1237 3255 261 320 1069 269 49407',
      '<|startoftext|> two</w> dogs</w> &</w> a</w> ball</w> .</w> <|endoftext|>',
      'a photo of a cat',
    ])
  },
  'checkpoint-tensors': (lines) => {
    expect(lines[0]).toBe('safetensors: 206 tensors, 13737649 numbers')
    expect(lines[1]).toBe('visual.conv1.weight float16 [16,3,3,3]')
    expect(lines[4]).toMatch(/^exp\(logit_scale\) = 17\.42$/)
  },
  figure2: (lines) => {
    expect(lines[0]).toBe('3 runs of 4 steps')
    const accuracies = numbers(lines, /^(?:lm|bow|bow-contrastive): accuracy (.+)$/)
    expect(accuracies).toHaveLength(3)
    for (const accuracy of accuracies) expect(accuracy).toBeLessThan(1)
    expect(lines.at(-1)).toBe('3 curves in figure2.svg')
  },
  relevance: (lines) => {
    expect(lines[0]).toMatch(/^a photo of a lemon: cosine 0\.7\d\d$/)
    expect(lines[1]).toMatch(/^ {2}2 × 2 places, the most relevant in row \d, column \d$/)
    expect(lines[6]).toMatch(/^ {2}lemon 0\.\d\d\d$/)
    expect(lines).toHaveLength(14)
  },
}

/** These serve requests, and are asked below. */
const servers = ['hono-server', 'nextjs-route']

const numbers = (lines: string[], pattern: RegExp): number[] =>
  lines.flatMap((line) => (pattern.test(line) ? [Number(line.match(pattern)![1])] : []))

const built = (name: string): string => join(root, 'examples', 'dist', `${name}.js`)

async function photo(file: string): Promise<Blob> {
  return new Blob([readFileSync(join(root, 'examples', 'pictures', file))], { type: 'image/jpeg' })
}

/** The examples write their models into the system's temporary folder. */
const temporary = mkdtempSync(join(tmpdir(), 'typeclip-examples-'))
const env = { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary }
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

// The build is brought up to date first, so that the examples run what the source says.
beforeAll(async () => {
  await run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'examples'], { cwd: root })
}, 120_000)

it('has a check for every example', () => {
  expect([...Object.keys(printed), ...servers].sort()).toEqual(names)
})

it.each(Object.entries(printed))(
  'examples/%s.ts prints what it should',
  async (name, check) => {
    const { stdout, stderr } = await run(process.execPath, [built(name)], { cwd: root, env })
    expect(stderr).toBe('')
    check(stdout.trimEnd().split(/\r?\n/))
  },
  120_000,
)

describe('examples/hono-server.ts', () => {
  it('classifies an image that is posted, and says what is wrong with a request', async () => {
    const server = spawn(process.execPath, [built('hono-server')], { cwd: root, env: { ...env, PORT: '0' } })
    try {
      const url = new URL('/classify', await firstAddress(server))
      const post = async (image: Blob | string, labels: string) => {
        const body = new FormData()
        body.set('image', image)
        body.set('labels', labels)
        const response = await fetch(url, { method: 'POST', body })
        return { status: response.status, json: await response.json() }
      }
      const right = await post(await photo('hat.jpg'), 'hat, lemon, pants')
      expect(right.status).toBe(200)
      expect(right.json.map(({ label }: { label: string }) => label)[0]).toBe('hat')
      expect(right.json[0].score).toBeGreaterThan(0.9)
      expect((await post('no file', 'hat')).status).toBe(400)
      const broken = await post(new Blob(['not an image']), 'hat')
      expect(broken.status).toBe(400)
      expect(broken.json.error).toMatch(/image|picture/)
    } finally {
      server.kill()
    }
  }, 120_000)
})

async function firstAddress({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stdout! })) {
    const address = line.match(/http:\S+/)?.[0]
    if (address) return address
  }
  throw new Error('the server ended without an address')
}

describe('examples/nextjs-route.ts', () => {
  it('answers a Request', async () => {
    const { POST } = await import('../examples/nextjs-route.ts')
    const post = async (image: Blob, ...labels: string[]) => {
      const body = new FormData()
      body.set('image', image)
      for (const label of labels) body.append('label', label)
      const response = await POST(new Request('http://localhost/api/classify', { method: 'POST', body }))
      return { status: response.status, json: await response.json() }
    }
    const right = await post(await photo('tomato.jpg'), 'tomato', 'shirt', 'a hat, or a cap')
    expect(right.status).toBe(200)
    expect(right.json[0]).toMatchObject({ label: 'tomato' })
    expect(right.json[0].score).toBeGreaterThan(0.9)
    expect((await post(await photo('tomato.jpg'))).status).toBe(400)
    expect((await post(new Blob(['not an image']), 'hat')).status).toBe(400)
  }, 120_000)
})

it.each(['en', 'zh'])('docs/%s/examples.md links to every example', (language) => {
  const page = readFileSync(join(root, 'docs', language, 'examples.md'), 'utf8')
  const linked = [...page.matchAll(/\]\(\.\.\/\.\.\/examples\/([\w-]+)\.ts\)/g)].map((match) => match[1]!)
  expect(linked.sort()).toEqual(names)
})
