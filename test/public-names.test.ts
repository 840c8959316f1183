// Every name that the package exports has a docstring, the main functions have an example, and the examples of docstrings and
// documents compile.

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
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

it('the API reference covers every entry point, and the examples it includes are there', () => {
  const config = JSON.parse(readFileSync(join(root, 'docs', 'typedoc', 'typedoc.json'), 'utf8'))
  const covered: string[] = config.entryPoints.map((path: string) => join(root, 'docs', 'typedoc', path))
  expect(covered.sort()).toEqual(entries.map(({ file }) => file).sort())
  for (const { file } of entries) {
    const included = [...readFileSync(file, 'utf8').matchAll(/\{@includeCode ([^}]+)\}/g)].map((match) => match[1]!)
    expect(included.length, `${relative(root, file)} includes no example`).toBeGreaterThan(0)
    for (const path of included) {
      expect(existsSync(join(dirname(file), path)), `${relative(root, file)}: ${path} is missing`).toBe(true)
    }
  }
})

const mainFunctions = [
  'load',
  'classify',
  'zeroShotClassifier',
  'openClassifier',
  'similarity',
  'tokenize',
  'convert',
  'listModels',
  'gradients',
  'createRuntime',
  'openCheckpoint',
  'inspect',
  'relevance',
  'openSource',
  'train',
  'finetune',
  'figure2',
  'evaluateZeroShot',
  'evaluateClassifier',
  'evaluateRetrieval',
  'evaluateLinearProbe',
  'calibrate',
]

it('the docstrings of the main functions have an example', () => {
  const files = new Map(entries.flatMap(({ file }) => namesOf(file)).map(({ name, file }) => [name, file]))
  const without = mainFunctions.filter((name) => {
    const file = files.get(name)
    if (!file) return true
    const before = readFileSync(file, 'utf8').split(
      new RegExp(`^export (?:async )?function\\*? ${name}\\b|^export const ${name}\\b`, 'm'),
    )[0]!
    return !before.slice(before.lastIndexOf('/**')).includes('@example')
  })
  expect(without).toEqual([])
})

/** The TypeScript blocks of a file that import the library; in source files, those of docstrings. */
function blocksOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const blocks = file.endsWith('.md')
    ? [...text.matchAll(/^```ts\r?\n([\s\S]*?)^```/gm)].map((match) => match[1]!)
    : [...text.matchAll(/^ \* ```ts\r?\n((?: \*.*\r?\n)*?) \* ```/gm)].map((match) => match[1]!.replace(/^ \* ?/gm, ''))
  return blocks.filter((block) => block.includes("from 'typeclip"))
}

it('the examples of docstrings and documents compile', async () => {
  const documented = [
    ...entries.flatMap(({ file }) => [file, ...namesOf(file).flatMap((name) => name.file ?? [])]),
    ...['README.md', 'README.zh.md'].map((name) => join(root, name)),
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !/^(api|typedoc)\b/.test(name))
      .map((name) => join(root, 'docs', name)),
  ]
  const folder = join(root, 'examples', 'dist', 'documented')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const blocks = [...new Set(documented)].flatMap((file) => blocksOf(file).map((block) => ({ file, block })))
  expect(blocks.length).toBeGreaterThan(mainFunctions.length - 1)
  for (const [i, { file, block }] of blocks.entries()) {
    writeFileSync(join(folder, `${i}.ts`), `// ${relative(root, file)}\n${block}`)
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../../tsconfig.base.json',
      compilerOptions: { noEmit: true, customConditions: ['@typeclip/source'] },
      include: ['*.ts'],
    }),
  )
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const output = await promisify(execFile)(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], {
    cwd: root,
  })
    .then(({ stdout }) => stdout)
    .catch((error: { stdout: string }) => error.stdout)
  // A file's first line names the block's source.
  const mistakes = output
    .split(/\r?\n/)
    .filter(Boolean)
    .map((line) =>
      line.replace(/^.*?(\d+)\.ts\(/, (all, i) => (blocks[i] ? `${relative(root, blocks[i]!.file)} (` : all)),
    )
  expect(mistakes).toEqual([])
}, 60_000)
