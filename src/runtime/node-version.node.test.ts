import { expect, it } from 'vitest'
import { checkNodeVersion } from './node-version.node.ts'

it('needs Node 20', () => {
  checkNodeVersion()
  checkNodeVersion('20.0.0')
  checkNodeVersion('100.1.0')
  expect(() => checkNodeVersion('18.20.8')).toThrow('Node 20 or later is needed; this is 18.20.8')
})
