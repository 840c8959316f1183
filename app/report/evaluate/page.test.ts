// What the pages show of particular results.

import type { ClassificationResult } from 'typeclip/evaluate'
import { expect, it } from 'vitest'
import { fileName, formulaCode, html } from '../html.ts'
import { isCoarse, relevanceImage, wrapped } from '../inspect/relevance-image.ts'
import { changeSection } from './change-section.ts'
import { classificationSections } from './classification-page.ts'
import { frame } from './frame.ts'
import { classificationTable } from './tables.ts'

const resultOf = (classes: number): ClassificationResult => ({
  top1: 0.5,
  top5: 1,
  meanPerClass: 0.5,
  n: 3 * classes,
  classes: Array.from({ length: classes }, (_, i) => ({
    name: `c${i}`,
    words: `c${i}`,
    n: 3,
    precision: 1,
    recall: 0.5,
  })),
  confusion: Array.from({ length: classes }, (_, i) => Array.from({ length: classes }, (_, j) => (i === j ? 3 : 0))),
  reliability: {
    negativeLogLikelihood: 1,
    expectedCalibrationError: 0.1,
    bins: [{ from: 0.9, to: 1, n: 17, confidence: 0.95, accuracy: 0.9 }],
  },
  mistakes: [
    { key: 'a/1_n.jpg', image: 'a/1_n.jpg', label: 'c0', answer: 'c1', confidence: 0.9, rightConfidence: 0.1 },
  ],
  skipped: [],
})

it('has no top-5 where one of the first five is always right', () => {
  expect(String(classificationSections(resultOf(5), []))).not.toContain('top-5')
  expect(classificationTable(resultOf(5)).join('\n')).not.toContain('top-5')
  expect(String(classificationSections(resultOf(6), []))).toContain('top-5')
  expect(classificationTable(resultOf(6)).join('\n')).toContain('top-5')
})

it('says what predicted', () => {
  const about = { task: 'zero-shot', model: 'run', data: 'val' } as const
  expect(frame(about, html``, [])).toContain('<title>Zero-shot classification')
  expect(frame({ ...about, classifier: 'tip-adapter-f' }, html``, [])).toContain(
    '<title>Trained classifier: tip-adapter-f',
  )
})

it('counts the images of each bar of the reliability diagram', () => {
  expect(String(classificationSections(resultOf(2), []))).toMatch(/<text class="count"[^>]*>17<\/text>/)
})

it('marks the column that a narrow page can spare, which is not the change', () => {
  const section = String(changeSection(resultOf(2), resultOf(2)))
  expect(section.match(/class="number spare"/g)).toHaveLength(3) // the head and two rows
  expect(section).toMatch(/<th class="number"><span lang="en">change/)
})

it('breaks the names of files after separators, never inside an extension', () => {
  expect(String(fileName('10172567486_2748826a8b_n.jpg'))).toBe(
    '10172567486_<wbr>2748826a8b_<wbr>n<wbr><span class="extension">.jpg</span>',
  )
  expect(String(fileName('a <b>'))).toBe('a <wbr>&#60;b&#62;')
})

it('writes subscripts of formulas, and leaves names with underscores', () => {
  expect(String(formulaCode('I_e = normalize(I_f · W_i)'))).toContain(
    'I<sub>e</sub> = normalize(I<sub>f</sub> · W<sub>i</sub>)',
  )
  expect(String(formulaCode('x = ln_pre([x_class; x₁] + E_pos)'))).toContain(
    'ln_pre([x<sub>class</sub>; x₁] + E<sub>pos</sub>)',
  )
})

it('draws a coarse relevance map as its squares, and a fine one smoothly', () => {
  const relevance = {
    map: Float32Array.of(0, 1, 1, 0),
    grid: [2, 2] as [number, number],
    size: 4,
    pixels: new Uint8Array(48),
  }
  expect([isCoarse([2, 2]), isCoarse([7, 7])]).toEqual([true, false])
  const { data } = relevanceImage(relevance, { side: 8 })
  const at = (x: number, y: number) => [...data.subarray(3 * (8 * y + x), 3 * (8 * y + x) + 3)]
  for (const [x, y] of [
    [0, 0],
    [3, 3],
    [3, 0],
    [0, 3],
  ] as const)
    expect(at(x, y)).toEqual(at(0, 0))
  for (const [x, y] of [
    [4, 0],
    [7, 3],
  ] as const)
    expect(at(x, y)).toEqual(at(7, 0))
  expect(at(0, 0)).not.toEqual(at(7, 0))
})

it('wraps a text under its map', () => {
  expect(wrapped('a cat')).toEqual(['a cat'])
  const lines = wrapped('word '.repeat(60).trim())
  expect(lines).toHaveLength(3)
  expect(lines.every((line) => line.length <= 48)).toBe(true)
  expect(lines.at(-1)).toMatch(/…$/)
})
