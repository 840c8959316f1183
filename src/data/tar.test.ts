import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { tarArchive } from '../../test/shards.ts'
import { shardBytes } from './shard-bytes.node.ts'
import { type Member, members } from './tar.ts'

const folder = mkdtempSync(join(tmpdir(), 'typeclip-tar-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The members as text by name, and what ended them. */
async function read(bytes: Uint8Array | string, wanted: (name: string) => boolean = () => true) {
  const path = typeof bytes === 'string' ? bytes : join(folder, 'x.tar')
  if (typeof bytes !== 'string') writeFileSync(path, bytes)
  const stream = await shardBytes(path)
  const found: Member[] = []
  try {
    for await (const member of members(stream, wanted)) found.push(member)
    return { found, names: found.map(({ name }) => name), error: undefined }
  } catch (error) {
    return { found, names: found.map(({ name }) => name), error: String(error) }
  } finally {
    await stream.close()
  }
}

it.each(['ustar', 'pax', 'gnu'])('reads what Python’s tarfile writes in the dialect %s', async (dialect) => {
  const { found, names, error } = await read(
    fileURLToPath(new URL(`../../fixtures/tar/${dialect}.tar`, import.meta.url)),
  )
  expect(error).toBeUndefined()
  const long = `${Array(6).fill('folder-with-a-long-name').join('/')}/000000000001.caption.txt`
  expect(names).toEqual(['shard/000.txt', long, 'größe/猫.txt', 'empty.txt', 'block.bin'])
  const text = found.map(({ data }) => new TextDecoder().decode(data))
  expect(text.slice(0, 4)).toEqual(['first', 'second '.repeat(100), 'drei 猫', ''])
  expect([...found[4]!.data!.subarray(254, 258)]).toEqual([254, 255, 0, 1])
})

it('skips bodies that nobody wants, and reads members larger than its window', async () => {
  const large = Buffer.alloc(700_000, 'ab')
  const { found } = await read(tarArchive({ a: 'one', big: large, c: 'two', big2: large }), (name) => name !== 'big')
  expect(found.map(({ size, data }) => [size, data?.length])).toEqual([
    [3, 3],
    [700_000, undefined],
    [3, 3],
    [700_000, 700_000],
  ])
  expect(Buffer.compare(found[3]!.data!, large)).toBe(0)
})

it('gives all members before a tear, wherever it is, and says where', async () => {
  const whole = tarArchive({ a: 'x'.repeat(600), b: 'y', c: 'z'.repeat(512) })
  for (let length = 0; length < whole.length; length += 32) {
    for (const wanted of [() => true, () => false]) {
      const { names, error } = await read(whole.subarray(0, length), wanted)
      const ends = { a: 1536, b: 2560, c: 3584 }
      expect(names).toEqual(Object.keys(ends).filter((name) => length >= ends[name as 'a']))
      // Without the two empty blocks it is whole too: some writers leave them out.
      if (length >= 3584 || length === 1536 || length === 2560) continue
      expect(error, `${length}`).toMatch(/torn at byte \d+: (it ends within|too short)/)
    }
  }
})

it('says what is not an archive', async () => {
  expect((await read(Buffer.from('<html>not found</html>'.repeat(50)))).error).toMatch('not a tar archive')
  expect((await read(Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(600)]))).error).toMatch('gunzip')
  expect((await read(Buffer.alloc(0))).error).toMatch('too short for a tar archive')
  const damaged = tarArchive({ a: 'one', b: 'two', c: 'three' })
  damaged.fill(0xaa, 1024, 1100)
  expect(await read(damaged)).toMatchObject({ names: ['a'], error: 'TornError: torn at byte 1024: no header there' })
})
