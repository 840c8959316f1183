import { expect, it } from 'vitest'
import { checkSettings } from './run-settings.ts'

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
