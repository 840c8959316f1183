// `typeclip doctor`: compares the installation with golden values of the reference (fixtures/make/doctor.py).

import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Clip, Embeddings } from 'typeclip'
import { UsageError } from 'typeclip/errors'
import { modelFlags } from '../model-flags.ts'
import { defineCommand } from '../shell/command.ts'
import { counted } from '../shell/counted.ts'
import { cliFile, libraryFile, nativeVersions, version } from '../shell/installation.ts'
import { table } from '../shell/table.ts'

interface Golden {
  reference: Record<string, string>
  model: { file: string; sha256: string }
  tokens: { text: string; ids: number[] }[]
  pixels: { image: string; sha256: string }[]
  images: { image: string; embedding: number[] }[]
  texts: { text: string; embedding: number[] }[]
}

interface Finding {
  check: string
  ok: boolean
  found: string
}

/** Largest difference between coordinates of unit vectors: adding float32 in another order differs by less, wrong numbers by more. */
const rounding = 1e-5

export const command = defineCommand({
  usage: '[flags]',
  about: [
    'Compares the tokenizer, the preprocessing and the embeddings of the starter model with the values of the reference',
    '(open_clip on PyTorch). Exit code 0 if all agree, 1 if not.',
  ],
  flags: {
    json: { type: 'switch', help: '{"ok", "system", "reference", "checks": [{"check", "ok", "found"}…]}' },
    device: modelFlags.device,
    threads: modelFlags.threads,
  },
  examples: ['typeclip doctor', 'typeclip doctor --device webgpu'],
  async run(words, { json, device, threads }, terminal) {
    if (words.length > 0) throw new UsageError(`doctor takes no words; found '${words[0]}'`)
    const golden: Golden = JSON.parse(await readFile(cliFile('golden', 'golden.json'), 'utf8'))
    const options = { device, threads, signal: terminal.signal }
    const findings: Finding[] = []

    async function check(name: string, compare: () => Promise<Omit<Finding, 'check'>>): Promise<void> {
      terminal.status(`checking: ${name}`)
      const failed = (error: Error) => {
        if (error instanceof UsageError) throw error // a device that this machine lacks: not a wrong number
        return { ok: false, found: error.message }
      }
      const finding = { check: name, ...(await compare().catch(failed)) }
      terminal.signal.throwIfAborted()
      findings.push(finding)
    }

    await check('tokenizer', () => checkTokens(golden))
    await check('pictures', () => checkPixels(golden))
    await check('model file', () => checkFile(golden))
    let clip: Clip | undefined
    await check('image encoder', async () => {
      const { load } = await import('typeclip')
      clip = await load(undefined, options)
      const images = golden.images.map(({ image }) => cliFile('golden', image))
      return compared(await clip.encodeImage(images, { normalize: true }), golden.images)
    })
    await check('text encoder', async () => {
      if (!clip) throw new Error('the model was not loaded')
      const texts = golden.texts.map(({ text }) => text)
      return compared(await clip.encodeText(texts, { normalize: true }), golden.texts)
    })
    await clip?.dispose()
    await check('telemetry', checkTelemetry)
    terminal.status(undefined)

    const ok = findings.every((finding) => finding.ok)
    const system = {
      typeclip: version(),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cpu: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} threads`,
      ...nativeVersions(),
      device: device ?? 'cpu',
    }
    if (json) {
      await terminal.print(JSON.stringify({ ok, system, reference: golden.reference, checks: findings }))
    } else {
      const rows = findings.map(({ check, ok, found }) => [`  ${ok ? 'ok' : 'FAILED'}`, check, found])
      const reference = Object.entries(golden.reference)
        .map((entry) => entry.join(' '))
        .join(', ')
      const verdict = ok
        ? `This machine gives the reference's numbers (${reference}).`
        : `This machine does not give the reference's numbers (${reference}): see FAILED above.`
      for (const line of [...table(Object.entries(system)), '', ...table(rows), '', verdict]) await terminal.print(line)
    }
    return ok ? 0 : 1
  },
})

async function checkTokens({ tokens }: Golden): Promise<Omit<Finding, 'check'>> {
  const { loadTokenizer } = await import('typeclip')
  const tokenizer = await loadTokenizer()
  const wrong = tokens.find(({ text, ids }) => tokenizer.encode(text).join() !== ids.join())
  if (!wrong) return { ok: true, found: `${counted(tokens.length, 'text')}, id for id` }
  const found = `${JSON.stringify(wrong.text)} gives ${tokenizer.encode(wrong.text).join(' ')}, not ${wrong.ids.join(' ')}`
  return { ok: false, found }
}

async function checkPixels({ pixels }: Golden): Promise<Omit<Finding, 'check'>> {
  const { createPreprocessor, openaiPreprocessing } = await import('typeclip')
  const preprocessor = createPreprocessor({ preprocessing: openaiPreprocessing(224) })
  try {
    const wrong: string[] = []
    for (const { image, sha256 } of pixels) {
      const bytes = await preprocessor.preprocess(cliFile('golden', image))
      if (createHash('sha256').update(bytes).digest('hex') !== sha256) wrong.push(image)
    }
    if (wrong.length === 0) return { ok: true, found: `${counted(pixels.length, 'image')}, byte for byte` }
    return { ok: false, found: `${wrong.join(', ')}: other bytes than the reference's` }
  } finally {
    await preprocessor.close()
  }
}

async function checkFile({ model }: Golden): Promise<Omit<Finding, 'check'>> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(libraryFile('models', 'starter', model.file)), hash)
  const sha256 = hash.digest('hex')
  if (sha256 === model.sha256) return { ok: true, found: `${model.file}, as published` }
  return { ok: false, found: `${model.file} has sha-256 ${sha256}, not ${model.sha256}; install typeclip again` }
}

/** Called after the encoders ran: with telemetry on, ONNX Runtime leaves this file in the temporary folder. */
async function checkTelemetry(): Promise<Omit<Finding, 'check'>> {
  const trace = join(tmpdir(), `mat-debug-${process.pid}.log`)
  const off = process.env.ORT_DISABLE_TELEMETRY === '1' && !existsSync(trace)
  if (off) return { ok: true, found: "off: nothing is sent, and ONNX Runtime's own telemetry is switched off" }
  return { ok: false, found: `ONNX Runtime's telemetry is on (${trace}); set ORT_DISABLE_TELEMETRY=1` }
}

function compared({ data }: Embeddings, golden: readonly { embedding: number[] }[]): Omit<Finding, 'check'> {
  const expected = golden.flatMap(({ embedding }) => {
    const length = Math.hypot(...embedding)
    return embedding.map((x) => x / length)
  })
  const difference = expected.reduce((max, x, i) => Math.max(max, Math.abs(x - data[i]!)), 0)
  // NaN compares as false, so it would pass as no difference.
  const ok = data.every(Number.isFinite) && data.length === expected.length && difference <= rounding
  const found = `${counted(golden.length, 'unit embedding')}, largest difference ${difference.toExponential(1)}`
  return { ok, found: `${found} (${ok ? 'rounding' : `more than ${rounding} is not rounding`})` }
}
