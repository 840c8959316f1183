import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test, vi } from 'vitest'
import { createBytePairEncoding } from './bpe.ts'
import { bytesOf } from './bytes.ts'
import { parseMerges } from './merges.ts'
import { loadTokenizer } from './vocabulary.web.ts'

const file = readFileSync(new URL('../../vocabulary/clip-merges.bin.gz', import.meta.url))

test('merges are done best first, wherever they occur', () => {
  const bpe = createBytePairEncoding(parseMerges('#version: 0.2\na b\nab ab\nb c</w>\nab c</w>\n'))
  const spell = (word: string) => bpe.encode(word).map((id) => bpe.pieces()[id])
  expect(spell('ababab')).toEqual(['abab', 'a', 'b</w>'])
  expect(spell('abc')).toEqual(['abc</w>'])
  expect(spell('bc')).toEqual(['bc</w>'])
  expect(spell('aab')).toEqual(['a', 'a', 'b</w>'])
  expect(bpe.size).toBe(516)
})

test('bytes are spelled as printable characters and back', () => {
  const bpe = createBytePairEncoding(new Uint16Array())
  const pieces = bpe.encode('é ').map((id) => bpe.pieces()[id]!)
  expect(pieces).toEqual(['Ã', '©', 'Ġ</w>'])
  expect(bytesOf('Ã©Ġ')).toEqual([0xc3, 0xa9, 0x20])
})

test('merges as text and as pairs of ids are the same', () => {
  const merges = new Uint16Array(new Uint8Array(gunzipSync(file)).buffer)
  const pieces = createBytePairEncoding(merges).pieces()
  const lines = Array.from(
    { length: merges.length / 2 },
    (_, i) => `${pieces[merges[2 * i]!]} ${pieces[merges[2 * i + 1]!]}`,
  )
  expect(lines).toHaveLength(48_894)
  expect(new Set(pieces).size).toBe(49_406)
  expect(parseMerges(lines.join('\n'))).toEqual(merges)
})

test('a line that is not a merge is named', () => {
  expect(() => parseMerges('#version: 0.2\na b\nab xy')).toThrow("Merges, line 3: 'ab xy' should be two pieces")
})

test('a long word is encoded quickly', () => {
  const bpe = createBytePairEncoding(new Uint16Array(new Uint8Array(gunzipSync(file)).buffer))
  const started = performance.now()
  expect(bpe.encode('ab'.repeat(50_000)).length).toBeGreaterThan(10_000)
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('in a browser the merges are fetched, packed or unpacked by the server; a failure is reported and can be retried', async () => {
  const responses = [new Response(null, { status: 404 }), new Response(file), new Response(gunzipSync(file))]
  const fetch = vi.fn(async () => responses.shift()!)
  vi.stubGlobal('fetch', fetch)
  await expect(loadTokenizer()).rejects.toThrow('the server answered 404')
  const tokenizer = await loadTokenizer()
  expect(tokenizer.encode('a cat')).toEqual([49406, 320, 2368, 49407])
  expect(await loadTokenizer()).toBe(tokenizer)
  expect(fetch).toHaveBeenCalledTimes(2)
  vi.resetModules()
  const fresh = await import('./vocabulary.web.ts')
  expect((await fresh.loadTokenizer()).encode('a cat')).toEqual([49406, 320, 2368, 49407])
  vi.unstubAllGlobals()
})
