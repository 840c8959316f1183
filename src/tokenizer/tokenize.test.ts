import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { InputError, UsageError } from '../errors.ts'
import { chunk, type Tokenizer, tokenize } from './tokenize.ts'
import { loadTokenizer } from './vocabulary.node.ts'

let tokenizer: Tokenizer
beforeAll(async () => {
  tokenizer = await loadTokenizer()
})

test('the reference’s ids', () => {
  expect(tokenizer.encode('a photo of a cat')).toEqual([49406, 320, 1125, 539, 320, 2368, 49407])
  expect(tokenizer.encode('')).toEqual([49406, 49407])
  expect([tokenizer.startId, tokenizer.endId, tokenizer.vocabularySize]).toEqual([49406, 49407, 49408])
})

test('ids back to text, and to vocabulary entries', () => {
  expect(tokenizer.decode(tokenizer.encode('Naïve 👍'))).toBe('<|startoftext|>naïve 👍 <|endoftext|>')
  const halfOfTwoBytes = Array.from({ length: 256 }, (_, id) => id).find((id) => tokenizer.piece(id) === 'Ã')!
  expect(tokenizer.decode([halfOfTwoBytes, 320])).toBe('\ufffda ')
  expect([320, 0, 256, 49406].map(tokenizer.piece)).toEqual(['a</w>', '!', '!</w>', '<|startoftext|>'])
  expect(() => tokenizer.piece(49408)).toThrow(UsageError)
})

test('special tokens that a text spells out are recognised, by each convention’s own rules', async () => {
  const openClip = await loadTokenizer({ convention: 'open_clip' })
  expect(tokenizer.encode('<|endoftext|>')).toEqual([49406, 49407, 49407])
  expect(openClip.encode('<end_of_text>')).toEqual([49406, 49407, 49407])
  expect(openClip.encode('<|endoftext|>').length).toBeGreaterThan(3)
})

describe('rows', () => {
  test('are padded with zeros', () => {
    const { ids, shape, lengths } = tokenize(tokenizer, ['a', 'a cat'], { contextLength: 5 })
    expect([...ids]).toEqual([49406, 320, 49407, 0, 0, 49406, 320, 2368, 49407, 0])
    expect(shape).toEqual([2, 5])
    expect(lengths).toEqual([3, 4])
    expect(tokenize(tokenizer, 'a').shape).toEqual([1, 77])
  })

  test('that are too long are refused with advice, or cut', () => {
    const texts = ['a', 'a photo of a cat']
    expect(() => tokenize(tokenizer, texts, { contextLength: 4 })).toThrow(InputError)
    expect(() => tokenize(tokenizer, texts, { contextLength: 4 })).toThrow(
      'Text 1 ("a photo of a cat") has 7 tokens with start and end, more than the context length 4: shorten it, or cut it with `onLong',
    )
    const cut = tokenize(tokenizer, texts, { contextLength: 4, onLong: 'truncate' })
    expect([...cut.ids]).toEqual([49406, 320, 49407, 0, 49406, 320, 1125, 49407])
    expect(cut.lengths).toEqual([3, 4])
  })

  test('equal those of open_clip’s and Hugging Face’s own tokenizers', async () => {
    const golden = JSON.parse(
      readFileSync(new URL('../../fixtures/tokenizer-conventions.json', import.meta.url), 'utf8'),
    )
    const rows = async (options: Parameters<typeof loadTokenizer>[0]) => {
      const { ids } = tokenize(await loadTokenizer(options), golden.texts, {
        contextLength: golden.contextLength,
        onLong: 'truncate',
      })
      return [...ids]
    }
    expect(await rows({ convention: 'open_clip' })).toEqual(golden.rows.lower.flat())
    expect(await rows({ convention: 'open_clip', clean: 'whitespace' })).toEqual(golden.rows.whitespace.flat())
    expect(await rows({ convention: 'open_clip', clean: 'canonicalize' })).toEqual(golden.rows.canonicalize.flat())
    expect(await rows({ convention: 'huggingface', clean: 'huggingface' })).toEqual(golden.rows.huggingface.flat())
  })

  test('need room and a known convention', () => {
    expect(() => tokenize(tokenizer, 'a', { contextLength: 2 })).toThrow(UsageError)
    expect(() => tokenize(tokenizer, 'a', { convention: 'toString' as 'openai' })).toThrow(
      "`convention` is 'toString'; expected one of openai, open_clip, huggingface",
    )
  })
})

describe('chunks', () => {
  const inner = (rows: number[][]) => rows.flatMap((row) => row.slice(1, -1))

  test('contain the whole text, within the context length, and end at word ends', () => {
    const text = 'the quick brown fox jumps over an antidisestablishmentarianist '.repeat(9)
    const rows = chunk(tokenizer, text, 20)
    expect(inner(rows)).toEqual(tokenizer.encode(text).slice(1, -1))
    for (const row of rows) {
      expect(row.length).toBeLessThanOrEqual(20)
      expect([row[0], row.at(-1)]).toEqual([49406, 49407])
      expect(tokenizer.piece(row.at(-2)!)).toMatch(/<\/w>$/)
    }
  })

  test('of a text that fits are one row, even if it is empty', () => {
    expect(chunk(tokenizer, 'a photo of a cat')).toEqual([tokenizer.encode('a photo of a cat')])
    expect(chunk(tokenizer, '')).toEqual([[49406, 49407]])
  })

  test('split a word that fills more than a row', () => {
    const word = 'qzxj'.repeat(30)
    const rows = chunk(tokenizer, word, 10)
    expect(inner(rows)).toEqual(tokenizer.encode(word).slice(1, -1))
    expect(Math.max(...rows.map((row) => row.length))).toBe(10)
  })
})
