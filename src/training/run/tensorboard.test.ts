import { appendFile, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { crc32c } from './crc32c.ts'
import { masked, openEventFile } from './tensorboard.node.ts'

const line = (step: number) => ({
  ...{ step, epoch: 0, samples: 8 * step, loss: 1 / step, lr: 1e-3, gradientNorm: 2, imagesPerSecond: 10 },
  seconds: step,
})

it('computes CRC-32C as in RFC 3720', () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283)
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
})

/** TFRecord frames, their checksums checked. */
function frames(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at))
    const data = bytes.subarray(at + 12, at + 12 + length)
    expect(bytes.readUInt32LE(at + 8)).toBe(masked(crc32c(bytes.subarray(at, at + 8))))
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(masked(crc32c(data)))
    found.push(data)
    at += 16 + length
  }
  return found
}

it('writes valid event records, and rewrites them from the logs', async () => {
  const out = await mkdtemp(join(tmpdir(), 'typeclip-'))
  const events = async () => {
    const names = await readdir(join(out, 'tensorboard'))
    expect(names).toHaveLength(1)
    expect(names[0]).toMatch(/^events\.out\.tfevents\.\d{10}\.typeclip$/)
    return frames(await readFile(join(out, 'tensorboard', names[0]!)))
  }
  const file = await openEventFile(out)
  for (const step of [1, 2, 3]) await file.step(line(step))
  await file.validation({ step: 3, best: true, score: 0.5, numbers: { 'top-1': 0.5 } })
  const written = await events()
  expect(written).toHaveLength(5)
  expect(written[0]!.includes('brain.Event:2')).toBe(true)
  expect(written[1]!.subarray(9, 11)).toEqual(Buffer.of(16, 1)) // field 2, the step, after the time
  // Value { tag: "train/loss", simple_value: 0.5 } of step 2
  expect(written[2]!.includes(Buffer.from('\x0a\x0atrain/loss\x15\x00\x00\x00\x3f', 'latin1'))).toBe(true)
  expect(written[4]!.includes('validation/top-1')).toBe(true)

  await writeFile(join(out, 'results.jsonl'), `${JSON.stringify(line(1))}\n`)
  await appendFile(join(out, 'results.jsonl'), '{"step":2,"lo')
  await openEventFile(out)
  expect(await events()).toHaveLength(2)
})
