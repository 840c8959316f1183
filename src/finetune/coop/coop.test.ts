import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apart, readAll, type Stored } from '../../../test/golden.ts'
import * as tolerance from '../../../test/tolerances.ts'
import type { Clip } from '../../clip/clip.ts'
import { load } from '../../clip/load.node.ts'
import { inRows, matrixOf } from '../../clip/matrix.ts'
import { samplesAt } from '../../evaluate/embed-samples.ts'
import { encodeText } from '../../model/clip.ts'
import { loadTokenizer } from '../../tokenizer/vocabulary.node.ts'
import { constantTexts } from '../prompts/class-prompts.ts'
import { unitRows } from '../unit-features.ts'
import { contextLengthFor, createPromptLearner, namePrompts, type PromptLearner } from './coop.ts'
import { type CoopState, defaultEpochs, descend, drawnContext, rateAt, trainContext } from './sgd.ts'

describe('beside PyTorch', async () => {
  const golden = await readAll('fixtures/finetune/coop.safetensors')
  const of = (name: string) => (golden.get(name) as Stored).data
  const prompts = Array.from({ length: 4 }, (_, i) => [...of('prompts').subarray(6 * i, 6 * i + 6)].filter(Boolean))
  const [m, width, embedDim] = [4, 24, 24]
  const train = { features: unitRows(inRows(of('features'), embedDim)), labels: Int32Array.from(of('labels')) }
  let clip: Clip
  let learner: PromptLearner
  beforeAll(async () => {
    clip = await load('fixtures/parity/open_clip-vit', { threads: 1 })
    learner = await createPromptLearner({ ...clip, logitScale: 50 }, prompts, m)
  })
  afterAll(async () => {
    await learner.dispose()
    await clip.dispose()
  })

  it('takes the same ten steps: losses, the learnt words, and the classes that they make', async () => {
    const state = { context: of('initial').slice(), momentum: new Float32Array(m * width) }
    for (const [step, loss] of of('losses').entries()) {
      const rate = rateAt(Math.floor(step / 2), { epochs: 5, learningRate: 0.002 })
      expect(rate).toBeCloseTo(of('rates')[step]!, 9)
      const rows = samplesAt(train, Uint32Array.from(of('order').subarray(4 * step, 4 * step + 4)))
      const found = await learner.gradient(rows, state.context)
      expect(Math.abs(found.loss - loss)).toBeLessThan(tolerance.training)
      descend(state, found.context, { rate, weightDecay: 5e-4 })
    }
    expect(apart(state.context, of('context'))).toBeLessThan(tolerance.training)
    expect(apart(state.context, of('initial'))).toBeGreaterThan(0.1)
    expect(apart(await learner.classes(state.context), of('classes'))).toBeLessThan(tolerance.training)
  })

  it('has the same gradient where blocks are computed twice', async () => {
    const again = await createPromptLearner({ ...clip, logitScale: 50 }, prompts, m, { recompute: true })
    const [once, twice] = [await learner.gradient(train, of('initial')), await again.gradient(train, of('initial'))]
    expect(twice.loss).toBeCloseTo(once.loss, 6)
    expect(apart(twice.context, once.context)).toBeLessThan(tolerance.gradient)
    await again.dispose()
  })

  it('is, with words of the vocabulary for a context, what the text tower makes of them', async () => {
    const table = await readAll('fixtures/parity/open_clip-vit/open_clip_model.safetensors')
    const embedded = table.get('token_embedding.weight')!.data
    const context = [1, 2, 5, 6].flatMap((id) => [...embedded.subarray(id * width, (id + 1) * width)])
    const texts = prompts.map(([start, ...rest]) => [start!, 1, 2, 5, 6, ...rest])
    const program = await clip.runtime.compile({
      texts: encodeText(clip.parameters, constantTexts(texts), clip.config),
    })
    const plain = unitRows(matrixOf((await program.run({})).texts!)).data
    expect(apart(await learner.classes(Float32Array.from(context)), plain)).toBeLessThan(tolerance.unitEmbedding)
    await program.dispose()
  })

  it('goes on after an epoch as if it had never been ended', async () => {
    const initial = drawnContext(m, width, 3)
    const options = { epochs: 6, learningRate: 0.002, batch: 4, weightDecay: 5e-4, seed: 1 }
    const whole: CoopState[] = []
    const run = trainContext(learner, train, initial, options)
    let step = await run.next()
    for (; !step.done; step = await run.next()) {
      whole.push({ ...step.value, context: step.value.context.slice(), momentum: step.value.momentum.slice() })
    }
    expect(whole.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6])
    const rest = trainContext(learner, train, initial, { ...options, from: whole[2] })
    let next = await rest.next()
    expect(next.value).toMatchObject({ epoch: 4 })
    while (!next.done) next = await rest.next()
    expect(next.value).toEqual(step.value)
  })
})

it('draws the words with a deviation of 0.02, the same for the same seed', () => {
  const context = drawnContext(16, 512, 7)
  const deviation = Math.sqrt(context.reduce((sum, x) => sum + x * x, 0) / context.length)
  expect(deviation).toBeGreaterThan(0.0195)
  expect(deviation).toBeLessThan(0.0205)
  expect(drawnContext(16, 512, 7)).toEqual(context)
  expect(drawnContext(16, 512, 8)).not.toEqual(context)
})

it('puts names into sentences of their own, with a full stop', async () => {
  const tokenizer = await loadTokenizer()
  expect(namePrompts(tokenizer, ['sweet_pea']).map((ids) => tokenizer.decode(ids))).toEqual([
    '<|startoftext|>sweet pea . <|endoftext|>',
  ])
})

it('learns longer from more pictures', () => {
  expect([1, 2, 4, 8, 16].map(defaultEpochs)).toEqual([50, 100, 100, 200, 200])
})

it('learns sixteen words, or as many as the model has room for, and refuses more than that', () => {
  const names = [
    [58, 1, 7, 59],
    [58, 1, 2, 7, 59],
  ]
  expect(contextLengthFor(names, 77)).toBe(16)
  expect(contextLengthFor(names, 16)).toBe(11)
  expect(contextLengthFor(names, 77, 4)).toBe(4)
  expect(() => contextLengthFor(names, 16, 12)).toThrow(
    '11 are left for context vectors, and `contextLength` is 12; choose a smaller `contextLength`',
  )
  expect(() => contextLengthFor(names, 5)).toThrow('0 are left for context vectors; shorten')
})
