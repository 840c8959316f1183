// Labels as people give them: some twice, some blank.

import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { load } from '../clip/load.node.ts'
import { loadTokenizer } from '../tokenizer/vocabulary.node.ts'
import { rank } from './classifier.ts'
import { distinctLabels } from './labels.ts'
import { promptsOf } from './prompt-ensemble.ts'
import { classify } from './scorer.ts'

it('a name that a classifier has twice is one label, which does not split its share', () => {
  const once = { names: ['cat', 'dog'], weights: Float32Array.of(3, 0, 0, 1) }
  const twice = { names: ['cat', 'dog', 'cat'], weights: Float32Array.of(3, 0, 0, 1, 3, 0) }
  const image = Float32Array.of(3, 4)
  expect(rank(twice, image)).toEqual(rank(once, image))
  expect(rank(twice, image, 1, 2)).toEqual(rank(once, image, 1, 2))
  // exp(1.8) / (exp(1.8) + exp(0.8))
  expect(rank(twice, image)[0]).toEqual({ label: 'cat', score: expect.closeTo(0.731058578, 6) })
})

it('labels that are read alike are one', async () => {
  const tokenizer = await loadTokenizer()
  expect(distinctLabels({ tokenizer }, ['Cat', 'dog', 'cat', ' CAT', 'dogs'])).toEqual({
    labels: ['Cat', 'dog', 'dogs'],
    alike: [['Cat', 'cat', ' CAT']],
  })
})

it('a blank label is refused by its place', () => {
  expect(() => promptsOf(['cat', ' '], ['a {}'])).toThrow('label 2 of 2 is blank')
})

it('classify answers with each label once', async () => {
  const clip = await load(undefined, { threads: 1 })
  const image = fileURLToPath(new URL('../../examples/pictures/hat.jpg', import.meta.url))
  try {
    const once = await classify(clip, image, ['cat', 'dog'])
    expect(await classify(clip, image, ['cat', 'dog', 'cat', 'Dog'])).toEqual(once)
    expect(once[0]).toHaveLength(2)
  } finally {
    await clip.dispose()
  }
})
