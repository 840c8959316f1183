import { expect, test } from 'vitest'
import { cleanings } from './clean.ts'
import { collapseWhitespace } from './whitespace.ts'
import { wordPattern } from './words.ts'

test('each cleaning by name', () => {
  const text = '  “Tom &amp;amp; Jerry’s”\n ﬁrst_Film, ÉTÉ!  '
  expect(cleanings.openai(text)).toBe('"tom & jerry\'s" first_film, été!')
  expect(cleanings.whitespace(text)).toBe('"Tom & Jerry\'s" first_Film, ÉTÉ!')
  expect(cleanings.canonicalize(text)).toBe('tom jerrys first film été')
  expect(cleanings.huggingface(text)).toBe(' “tom &amp;amp; jerry’s” ﬁrst_film, été! ')
  expect(cleanings.none(text)).toBe(text)
})

test('lower case is by word in Python and by character in Hugging Face', () => {
  expect(cleanings.openai('ΟΔΟΣ İ')).toBe('οδος i̇')
  expect(cleanings.huggingface('ΟΔΟΣ İ')).toBe('οδοσ i̇')
})

test('white space is Python’s', () => {
  expect(collapseWhitespace('\x1c a\u3000\x85 b\ufeff ')).toBe('a b\ufeff')
})

test('words are contractions, runs of letters, digits one by one, and the rest', () => {
  const words = (text: string) => text.match(wordPattern(['<|endoftext|>']))
  expect(words("don't we'LL 'ſ")).toEqual(['don', "'t", 'we', "'LL", "'ſ"])
  expect(words('b12 ½x?! 日本')).toEqual(['b', '1', '2', '½', 'x', '?!', '日本'])
  expect(words('a<|endoftext|>b')).toEqual(['a', '<|endoftext|>', 'b'])
  expect(words('a\u0345b !\u0345!')).toEqual(['a', 'b', '!', '!'])
})
