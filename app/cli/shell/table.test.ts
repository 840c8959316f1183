import { expect, it } from 'vitest'
import { clipped, displayWidth, onOneLine, shortened, table } from './table.ts'

it('counts the columns that a terminal takes', () => {
  const widths = {
    cat: 3,
    猫: 2,
    é: 1,
    'e\u0301': 1,
    '😀': 2,
    '👩‍🚀': 2,
    한국: 4,
    '🇨🇭': 2,
    '❤️': 2,
    '1️⃣': 2,
    'a\u200bb': 2,
  }
  for (const [text, width] of Object.entries(widths)) expect(displayWidth(text), text).toBe(width)
})

it('cuts a text to a width, without cutting a character', () => {
  expect(shortened('a photo\n of  cats', 9)).toBe('a photo …')
  expect(shortened('一只猫和一只狗', 8)).toBe('一只猫…')
  expect(shortened('short', 5)).toBe('short')
})

it('ends a line where the terminal does', () => {
  expect(clipped('step 1 of 2', 6)).toBe('step 1')
  expect(clipped('一只猫', 5)).toBe('一只')
  expect(clipped('short', 5)).toBe('short')
})

it('shows control characters as JSON does', () => {
  expect(onOneLine('a\nb\tc\u001bd\u2028e 猫')).toBe('a\\nb\\tc\\u001bd\\u2028e 猫')
})

it('lines columns up', () => {
  expect(
    table(
      [
        ['猫', '1.0'],
        ['a dog', '12.5'],
      ],
      ['left', 'right'],
    ),
  ).toEqual(['猫      1.0', 'a dog  12.5'])
})
