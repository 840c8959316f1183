import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { InputError, UsageError } from '../errors.ts'
import { decode } from './decode.node.ts'
import { createImagePool } from './pool.node.ts'
import { type Preprocessing, preprocess } from './transform.ts'

const preprocessing: Preprocessing = {
  size: 32,
  order: 'openai',
  mode: 'shortest',
  interpolation: 'bicubic',
  mean: [0, 0, 0],
  std: [1, 1, 1],
}
const file = fileURLToPath(new URL('../../fixtures/images/large.jpg', import.meta.url))

it('gives the same result for paths, bytes and pixels, with and without threads', async () => {
  const bytes = readFileSync(file)
  const pixels = await decode(bytes)
  const raw = { data: pixels.data, width: pixels.width, height: pixels.height, channels: 3 } as const
  const expected = preprocess(pixels, preprocessing)
  for (const workers of [0, 2]) {
    const pool = createImagePool({ preprocessing, workers })
    const results = await Promise.all(
      [file, bytes, raw, file, bytes, raw, file].map((source) => pool.preprocess(source)),
    )
    for (const result of results) expect(result).toEqual(expected)
    await pool.close()
  }
  expect(bytes.length).toBeGreaterThan(0) // a caller's bytes stay the caller's
})

it('refuses one image and continues with the others', async () => {
  const pool = createImagePool({ preprocessing, workers: 1 })
  const sources = [file, file, Buffer.from('text'), file, '/nowhere/at/all.png']
  const results = await Promise.allSettled(sources.map((source) => pool.preprocess(source)))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'rejected'])
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  for (const reason of reasons) expect(reason).toBeInstanceOf(InputError)
  expect(String(reasons[1])).toMatch('/nowhere/at/all.png')
  await pool.close()
})

it('refuses waiting and new images after it is closed', async () => {
  const pool = createImagePool({ preprocessing, workers: 1 })
  const waiting = Array.from({ length: 6 }, () => pool.preprocess(file))
  const settled = Promise.allSettled(waiting)
  await pool.close()
  const results = await settled
  expect(results.slice(0, 2).every(({ status }) => status === 'fulfilled')).toBe(true)
  await expect(pool.preprocess(file)).rejects.toThrow(UsageError)
})

it('checks raw pixels', async () => {
  const pool = createImagePool({ preprocessing, workers: 0 })
  const raw = { data: new Uint8Array(11), width: 2, height: 2, channels: 3 } as const
  await expect(pool.preprocess(raw)).rejects.toThrow('raw image: 11 bytes; 2×2×3 takes 12')
  await expect(pool.preprocess({ ...raw, width: 0 })).rejects.toThrow(InputError)
  await pool.close()
})

it('augments images with seeds, equally with and without threads', async () => {
  const seeds = [['a', 0], ['a', 1], undefined, ['a', 0], ['a', 1], undefined] as const
  const results = await Promise.all(
    [0, 2].map(async (workers) => {
      const pool = createImagePool({ preprocessing, augmentation: { scale: [0.3, 0.9] }, workers })
      const pictures = await Promise.all(seeds.map((each) => pool.preprocess(file, each)))
      await pool.close()
      return pictures
    }),
  )
  const [first, second, evaluated, ...again] = results[0]!
  expect(results[1]).toEqual(results[0])
  expect(again).toEqual([first, second, evaluated])
  expect(second).not.toEqual(first)
  expect(evaluated).toEqual(preprocess(await decode(readFileSync(file)), preprocessing))
})

it('can be closed while threads work, and the process waits for that', () => {
  const built = new URL('../../dist/image/pool.node.js', import.meta.url)
  const program = `(async () => {
    const { createImagePool } = await import(${JSON.stringify(built.href)})
    for (let i = 0; i < 20; i++) {
      const pool = createImagePool({ preprocessing: ${JSON.stringify(preprocessing)}, workers: 2 })
      const source = { data: new Uint8Array(3 * 64 * 64), width: 64, height: 64, channels: 3 }
      const results = Array.from({ length: 12 }, () => pool.preprocess(source))
      for (const result of results) result.catch(() => {})
      await results[2 + (i % 8)]
      await pool.close()
    }
    console.log('closed')
  })()`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' })
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'closed\n', stderr: '' })
})
