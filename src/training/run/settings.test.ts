import { expect, it } from 'vitest'
import { checkSettings } from './settings.ts'

const settings = { data: 'a.csv', samples: 9, dataDigest: 'aa', batch: 4, steps: 10, words: ['cat'], valDigest: 'vv' }

it('refuses other data than the run began with, in words', () => {
  const refused = (now: object) => () => checkSettings(settings, { ...settings, ...now }, 'run')
  expect(refused({ dataDigest: 'bb', samples: 10 })).toThrow(
    'run: the run in this folder had other settings: the data changed (it had 9 samples and has 10). Give the same ones, ' +
      'or choose another folder. To learn from other data, start a new run with run as its `model`',
  )
  expect(refused({ dataDigest: 'bb' })).toThrow('the data changed (9 samples, but other names, captions or classes)')
  expect(refused({ valDigest: 'bb' })).toThrow('the validation data changed')
  expect(refused({ words: ['dog'] })).toThrow('`words` was ["cat"] and is ["dog"]')
  expect(refused({ batch: 8 })).toThrow('`batch` was 4 and is 8')
})

it('lets a run go on whose data is somewhere else, and one of before digests were written down', () => {
  const { dataDigest, valDigest, words, ...old } = settings
  expect(() => checkSettings(settings, { ...settings, data: '/moved/a.csv', steps: 20 }, 'run')).not.toThrow()
  expect(() => checkSettings(old, settings, 'run')).not.toThrow()
  expect(() => checkSettings(old, { ...settings, batch: 8 }, 'run')).toThrow('`batch` was 4')
})

const before = { batch: 4, lr: 5e-4, steps: 10, lora: { rank: 2, alpha: 1 }, augment: { scale: [0.9, 1], flip: 0.5 } }

it.each([
  [{ batch: 8 }, '`batch` was 4 and is 8'],
  [{ lr: 1 }, '`learningRate` was 0.0005 and is 1'],
  [{ lora: { rank: 4, alpha: 1 } }, 'settings: `rank` was 2 and is 4. Give the same ones'],
  [{ augment: { scale: [0.9, 1] } }, '`flip` was 0.5 and is undefined'],
  [{ augment: false }, '`augment` was {"scale":[0.9,1],"flip":0.5} and is false'],
])('refuses to resume with %j', (change, message) => {
  expect(() => checkSettings(before, { ...before, ...change }, 'run')).toThrow(message)
})

it('resumes with the same settings, and for more steps', () => {
  checkSettings(before, structuredClone({ ...before, steps: 20 }), 'run')
})
