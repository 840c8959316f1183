import { expect, it } from 'vitest'
import { load } from './clip/load.node.ts'
import { loadTokenizer, tokenize } from './entry/node.ts'
import { CheckpointError, InputError, ShapeError, TrainingError, TypeclipError, UsageError } from './errors.ts'

it.each([CheckpointError, InputError, ShapeError, TrainingError, UsageError])('%o', (Kind) => {
  const cause = new Error('below')
  const error = new Kind('what to do', { cause, option: 'batch', code: 'too-small' })
  expect(error).toBeInstanceOf(TypeclipError)
  expect(error.name).toBe(Kind.name)
  expect(error).toMatchObject({ message: 'what to do', cause, option: 'batch', code: 'too-small' })
  expect(Object.keys(new Kind('what to do'))).toEqual(['name'])
})

it('names the option that would have to change', async () => {
  const tokenizer = await loadTokenizer()
  const tooLong = () => tokenize(tokenizer, 'a photo of a cat', { contextLength: 4 })
  expect(tooLong).toThrow(expect.objectContaining({ name: 'InputError', option: 'onLong' }))
  await expect(load(undefined, { device: 'gpu' as never })).rejects.toMatchObject({
    name: 'UsageError',
    option: 'device',
  })
})

it('keeps what was caught as its cause', async () => {
  const clip = await load(undefined, { towers: ['image'] })
  const error = await clip.encodeImage('nowhere.png').catch((error: unknown) => error)
  await clip.dispose()
  expect(error).toMatchObject({ name: 'InputError', cause: { code: 'ENOENT', path: 'nowhere.png' } })
})
