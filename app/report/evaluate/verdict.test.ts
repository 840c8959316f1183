import { expect, it } from 'vitest'
import { verdict } from './verdict.ts'

it('says when zero-shot was better', () => {
  expect(verdict({ before: 0.5, after: 0.4, n: 20 })?.en).toContain(
    'zero-shot was more accurate on the validation images',
  )
})

it('says when the difference may be chance, in images', () => {
  expect(verdict({ before: 0.5, after: 0.6, n: 20 })?.en).toMatch(/^2 images more right than zero-shot, of 20/)
  expect(verdict({ before: 0.95, after: 1, n: 20 })?.en).toMatch(/^one image more/)
  expect(verdict({ before: 0.5, after: 0.5, n: 2000 })?.en).toMatch(/^no image more/)
})

it('says nothing of what is plainly better, and of what could not be', () => {
  expect(verdict({ before: 0.5, after: 0.6, n: 2000 })?.en).toBeUndefined()
  expect(verdict({ before: 1, after: 1, n: 20 })?.en).toBeUndefined()
})
