import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { unsupportedNode } from './node-version.ts'

it('refuses a Node that is too old, by its version', () => {
  expect(unsupportedNode('18.20.8')).toBe('Node 20.15, 22.2 or later is needed; this is 18.20.8')
  for (const version of ['20.14.0', '21.7.3', '22.1.0']) expect(unsupportedNode(version)).toMatch(version)
  for (const version of ['20.15.0', '22.2.0', '24.0.0']) expect(unsupportedNode(version)).toBeUndefined()
  expect(unsupportedNode(process.versions.node)).toBeUndefined()
})

it('is asked before anything else is loaded', () => {
  const source = (name: string) => readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8')
  expect(source('../main.ts').match(/^import .*$/gm)).toEqual([
    "import { unsupportedNode } from './shell/node-version.ts'",
  ])
  expect(source('node-version.ts')).not.toMatch(/^import /m)
})
