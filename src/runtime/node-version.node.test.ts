import { expect, it } from 'vitest'
import { checkNodeVersion } from './node-version.node.ts'

it('needs a Node that package.json names', () => {
  checkNodeVersion()
  for (const version of ['20.15.0', '22.2.0']) checkNodeVersion(version)
  for (const version of ['20.14.0', '21.7.3', '22.1.0']) expect(() => checkNodeVersion(version)).toThrow(version)
  checkNodeVersion('100.1.0')
  expect(() => checkNodeVersion('18.20.8')).toThrow('Node 20.15, 22.2 or later is needed; this is 18.20.8')
})
