// Every name that the package exports has a docstring.

import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

type Exports = Record<string, string | { '@typeclip/source': string }>
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Exports }

/** Public entry points: the name to import, and its source file. */
const entries = Object.entries(exports).flatMap(([subpath, target]) =>
  typeof target === 'string'
    ? []
    : [{ name: subpath.replace('.', 'typeclip'), file: join(root, target['@typeclip/source']) }],
)

interface PublicName {
  name: string
  /** The file that declares it; undefined for a name of another package. */
  file: string | undefined
  documented: boolean
}

const declaration =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) ([\w$]+)/
const list = /^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?/gm

/** The names that a file exports, followed to the file that declares them. */
function namesOf(file: string): PublicName[] {
  const text = readFileSync(file, 'utf8')
  const lines = text.split(/\r?\n/)
  const declared = lines.flatMap((line, i) => {
    const name = line.match(declaration)?.[1]
    return name ? [{ name, file, documented: lines[i - 1]?.endsWith('*/') ?? false }] : []
  })
  const listed = [...text.matchAll(list)].flatMap(([, names, from]) =>
    names!
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '')
      .map((name) => follow(name, from ?? importOf(name, text), file)),
  )
  return [...declared, ...listed]
}

function follow(name: string, from: string | undefined, file: string): PublicName {
  if (!from?.startsWith('.')) return { name, file: undefined, documented: true }
  const [original] = name.split(' as ')
  const found = namesOf(join(dirname(file), from)).find((other) => other.name === original)
  if (!found) throw new Error(`${relative(root, file)}: '${from}' does not export ${original}`)
  return found
}

/** Where a file that exports an imported name imports it from. */
const importOf = (name: string, text: string): string | undefined =>
  text.match(new RegExp(`^import [^;']*\\b${name}\\b[^;']* from '([^']+)'`, 'm'))?.[1]

it.each(entries)('$name: every export has a docstring', ({ file }) => {
  const names = namesOf(file)
  expect(names.length).toBeGreaterThan(0)
  const undocumented = names
    .filter(({ documented }) => !documented)
    .map(({ name, file }) => `${relative(root, file!)}: ${name}`)
  expect(undocumented.join('\n')).toBe('')
})
