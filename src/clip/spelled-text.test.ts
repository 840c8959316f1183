import { expect, it } from 'vitest'
import { createTokenizer } from '../tokenizer/tokenize.ts'
import { loadTokenizer } from '../tokenizer/vocabulary.node.ts'
import { isClipVocabulary, isSpelled } from './spelled-text.ts'

const tokenizer = await loadTokenizer()

it.each([
  '猫',
  '一只猫的照片',
  'a photo of a 猫.',
  '鞋子',
  'ねこ',
  '고양이',
  'кошка',
  'фотография кошки на столе',
  'قطة',
  'صورة القطة على الطاولة',
  'γάτα',
  'חתול',
  'बिल्ली',
  'แมว',
  'կատու',
])('%s is spelled', (text) => expect(isSpelled(tokenizer, text)).toBe(true))

it.each([
  '',
  'a photo of a cat',
  'café',
  'a naïve Ångström, über Schmetterlinge',
  'con mèo',
  'żółw',
  '🐱',
  'a 🐱 and a 🐶',
  'π',
  'α-helix and β-carotene',
  '5 µm, 2², № 5 — “quoted” …',
  '12:30 €',
])('%s is not', (text) => expect(isSpelled(tokenizer, text)).toBe(false))

it("tells CLIP's own words from others", () => {
  expect(isClipVocabulary(tokenizer)).toBe(true)
  expect(isClipVocabulary(createTokenizer('#version: 0.2\nc a\nca t</w>'))).toBe(false)
})
