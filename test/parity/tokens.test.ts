// Token ids against OpenAI's `clip.tokenize`: always on the small golden file, and on the file that TYPECLIP_TOKENS
// names, if it is set (fixtures/make/tokenizer.py --big writes one of about two million strings).

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { expect, test } from 'vitest'
import { cleanings } from '../../src/tokenizer/clean.ts'
import { loadTokenizer } from '../../src/tokenizer/vocabulary.node.ts'

interface Difference {
  text: string
  expected: string
  found: string
}

/** Reads `[text, ids, cleaned?]` a line, after a header line. */
async function compare(file: string | URL): Promise<{ count: number; differences: Difference[] }> {
  const tokenizer = await loadTokenizer()
  const differences: Difference[] = []
  let count = -1
  for await (const line of createInterface({ input: createReadStream(file).pipe(createGunzip()) })) {
    if (++count === 0) continue
    const [text, ids, cleaned] = JSON.parse(line) as [string, number[], string?]
    const check = (expected: string, found: string) => {
      if (expected !== found) differences.push({ text, expected, found })
    }
    check(ids.join(' '), tokenizer.encode(text).join(' '))
    if (cleaned !== undefined) check(cleaned, cleanings.openai(text))
  }
  return { count, differences }
}

test('the ids and the cleaned text of about 2,900 difficult strings are the reference’s', async () => {
  const { count, differences } = await compare(new URL('../../fixtures/tokenizer.jsonl.gz', import.meta.url))
  expect(count).toBeGreaterThan(2500)
  expect(differences).toEqual([])
})

const big = process.env.TYPECLIP_TOKENS

test.skipIf(!big)(
  'the ids of every string of TYPECLIP_TOKENS are the reference’s',
  { timeout: 1_200_000 },
  async () => {
    const { count, differences } = await compare(big!)
    console.log(`${count} strings compared, ${differences.length} differences`)
    expect(count).toBeGreaterThan(200_000)
    expect(differences.slice(0, 20)).toEqual([])
  },
)
