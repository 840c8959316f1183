import type { ClassificationResult, RetrievalResult } from 'typeclip/evaluate'
import { expect, it } from 'vitest'
import { changeSection } from './evaluate/change-section.ts'
import { classificationSections } from './evaluate/classification-page.ts'
import { frame } from './evaluate/frame.ts'
import { retrievalSections } from './evaluate/retrieval-page.ts'
import { both, html, joined, raw } from './html.ts'

const hostile = {
  file: '<img src=x onerror=alert(1)>.jpg',
  label: `"&<'>`,
  caption: '</figcaption><script>alert(2)</script>',
}

it('escapes text in elements and in attributes, and keeps HTML', () => {
  const { label } = hostile
  expect(String(html`<b title="${label}">${label}</b>`)).toBe(
    '<b title="&#34;&#38;&#60;&#39;&#62;">&#34;&#38;&#60;&#39;&#62;</b>',
  )
  expect(String(html`${html`<i>${'<'}</i>`}${raw('<br>')}`)).toBe('<i>&#60;</i><br>')
  expect(String(html`${[html`<i>1</i>`, '<', [2]]}${undefined}${false}`)).toBe('<i>1</i>&#60;2')
  expect(String(joined(['<', html`<i></i>`], ' & '))).toBe('&#60; &#38; <i></i>')
  expect(String(both('a & b', '<'))).toBe('<span lang="en">a &#38; b</span><span lang="zh">&#60;</span>')
})

it('takes an object that looks like HTML for text', () => {
  const forged = JSON.parse('{"source": "<script>", "isEscaped": true}')
  expect(String(html`${forged}`)).not.toContain('<')
})

it('escapes the names of files, labels, captions and models on every page', () => {
  const { file, label, caption } = hostile
  const pages = [
    frame(about('zero-shot'), classificationSections(classification, ['data:,'], ['data:,']), classification.skipped),
    frame(about('finetune'), html`${changeSection(classification, classification)}`, []),
    frame({ ...about('zero-shot'), classifier: label }, html``, []),
    frame(about('retrieval'), retrievalSections(retrieval, ['data:,', 'data:,']), retrieval.skipped),
  ]
  for (const page of pages) {
    for (const text of [file, label, caption]) expect(page).not.toContain(text)
    expect(page.match(/<script>/g)).toHaveLength(1) // the page's own
    expect(page.replace(/<[^<>]*>/g, '')).not.toMatch(/<img|onerror=alert\(1\)>/)
  }
  expect(pages[0]).toContain('&#60;img <wbr>src=x <wbr>onerror=alert(1)&#62;<wbr><span class="extension">.jpg')
  expect(pages[0]!.match(/&#34;&#38;&#60;&#39;&#62;/g)).toHaveLength(5) // two headings, a row, a mistake and its image
  expect(pages[3]).toContain(`alt="&#60;/figcaption&#62;&#60;script&#62;alert(2)&#60;/script&#62;"`)
})

const about = (task: 'zero-shot' | 'retrieval' | 'finetune') => ({
  task,
  model: hostile.file,
  data: hostile.file,
  train: hostile.file,
})

const skipped = [{ key: hostile.file, reason: hostile.caption }]

const classification: ClassificationResult = {
  top1: 0.5,
  top5: 1,
  meanPerClass: 0.5,
  n: 2,
  classes: [hostile.label, hostile.file].map((name) => ({
    name,
    words: hostile.caption,
    n: 1,
    precision: 0.5,
    recall: 0.5,
  })),
  confusion: [
    [1, 0],
    [1, 0],
  ],
  reliability: { negativeLogLikelihood: 1, expectedCalibrationError: 0.1, bins: [] },
  mistakes: [
    {
      key: `folder/${hostile.file}`,
      image: hostile.file,
      label: hostile.file,
      answer: hostile.label,
      confidence: 0.9,
      rightConfidence: 0.1,
    },
  ],
  skipped,
}

const recall = { n: 1, r1: 0, r5: 1, r10: 1, medianRank: 1, meanRank: 1 }

const retrieval: RetrievalResult = {
  images: 1,
  texts: 1,
  imageToText: recall,
  textToImage: recall,
  pairs: { imageToText: recall, textToImage: recall },
  misses: [
    {
      key: hostile.file,
      image: hostile.file,
      caption: hostile.caption,
      rank: 1,
      found: { key: hostile.label, image: hostile.file },
    },
  ],
  skipped,
}
