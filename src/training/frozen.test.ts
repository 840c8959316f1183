import { expect, it } from 'vitest'
import { frozenParts } from './frozen.ts'

const names = [
  'visual.conv1.weight',
  'visual.bn1.weight',
  'visual.bn1.running_mean',
  'ln_final.weight',
  'ln_final.bias',
]

it('names the largest frozen parts', () => {
  const parts = (frozen: (name: string) => boolean) => frozenParts(names, (name) => !frozen(name))
  expect(parts(() => false)).toEqual([])
  expect(parts((name) => name.startsWith('visual.'))).toEqual(['visual'])
  expect(parts((name) => name === 'visual.conv1.weight' || name.startsWith('ln_final.'))).toEqual([
    'ln_final',
    'visual.conv1',
  ])
  expect(parts((name) => name === 'ln_final.bias')).toEqual(['ln_final.bias'])
})
