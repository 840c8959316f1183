// Every type that a public signature uses can be imported, from the same entry or from another public one: without it a
// caller cannot write down the type of a variable or a parameter. Read from the declarations that the compiler emits.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const declarations = mkdtempSync(join(tmpdir(), 'typeclip-declarations-'))
afterAll(() => rmSync(declarations, { recursive: true, force: true }))
execFileSync(
  process.execPath,
  [
    join(root, 'node_modules/typescript/bin/tsc'),
    ...['-p', join(root, 'src'), '--emitDeclarationOnly', '--outDir', declarations, '--declarationMap', 'false'],
    ...['--composite', 'false', '--incremental', 'false'],
  ],
  { stdio: 'inherit' },
)

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string }>
}

/** A name that a file declares or passes on: where it comes from, by its name there. */
interface Origin {
  file: string
  name: string
}

/** The file of what another package declares, whose own entry exports it. */
const elsewhere = ''

interface Module {
  /** Top-level declarations, without comments. */
  declarations: Map<string, string>
  imported: Map<string, Origin>
  exported: Map<string, Origin>
}

const modules = new Map<string, Module>()

function moduleOf(file: string): Module {
  const known = modules.get(file)
  if (known) return known
  const module: Module = { declarations: new Map(), imported: new Map(), exported: new Map() }
  modules.set(file, module)
  const text = readFileSync(file, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
  for (const statement of statements(text)) {
    const from = /^(import|export)\s+(?:type\s+)?\{([^}]*)\}\s*from\s*['"]([^'"]+)['"]/.exec(statement)
    if (from) {
      const [, kind, names, specifier] = from as unknown as [string, 'import' | 'export', string, string]
      const source = specifier.startsWith('.') ? resolved(file, specifier) : elsewhere
      for (const [name, as] of namesOf(names)) {
        module[kind === 'import' ? 'imported' : 'exported'].set(as, { file: source, name })
      }
      continue
    }
    const passed = /^export\s+(?:type\s+)?\{([^}]*)\}\s*;/.exec(statement)
    if (passed) {
      for (const [name, as] of namesOf(passed[1]!)) module.exported.set(as, { file, name })
      continue
    }
    const declared =
      /^(export\s+)?(?:declare\s+)?(?:abstract\s+)?(?:interface|type|class|const|let|function|enum)\s+([\w$]+)/.exec(
        statement,
      )
    if (declared) {
      const name = declared[2]!
      module.declarations.set(name, `${module.declarations.get(name) ?? ''}\n${statement}`)
      if (declared[1]) module.exported.set(name, { file, name })
      continue
    }
    if (/^import\s+['"]/.test(statement)) continue
    throw new Error(`${file}: a statement that this test does not know: ${statement.slice(0, 80)}`)
  }
  return module
}

function* statements(whole: string): Generator<string> {
  const text = whole.replace(/^declare global \{[\s\S]*?^\}/gm, '') // adds to a global type, exports nothing
  let depth = 0
  let start = 0
  for (const token of text.matchAll(/=>|[{}()[\]<>;\n]|'[^']*'|"[^"]*"|`[^`]*`/g)) {
    const [character] = token
    if ('{([<'.includes(character)) depth++
    else if ('})]>'.includes(character)) depth--
    const ended =
      character === ';' ||
      (character === '}' && /^\s*(?:export\s|declare\s)*(?:interface|class)\b/.test(text.slice(start)))
    if (depth === 0 && ended) {
      const statement = text.slice(start, token.index + 1).trim()
      if (statement && statement !== ';') yield statement
      start = token.index + 1
    }
  }
}

const namesOf = (list: string): [name: string, as: string][] =>
  list
    .split(',')
    .map((entry) => entry.trim().replace(/^type\s+/, ''))
    .filter(Boolean)
    .map((entry) => {
      const [name, as = name] = entry.split(/\s+as\s+/)
      return [name!, as!]
    })

const resolved = (file: string, specifier: string): string =>
  join(dirname(file), specifier.replace(/\.(ts|js)$/, '.d.ts'))

/** Where a name is declared, through every file that passes it on. */
function declarationOf({ file, name }: Origin): Origin {
  if (file === elsewhere) return { file, name }
  const module = moduleOf(file)
  if (module.declarations.has(name)) return { file, name }
  const passed = module.exported.get(name)
  const next = passed && key(passed) !== key({ file, name }) ? passed : module.imported.get(name)
  if (!next) throw new Error(`${file} does not declare ${name}`)
  return declarationOf(next)
}

/** The types that a declaration names. Ours start with a capital letter; `import('./x').y` is any name. */
function uses({ file, name }: Origin): Origin[] {
  if (file === elsewhere) return []
  const module = moduleOf(file)
  const text = module.declarations.get(name)!
  const inline = [...text.matchAll(/(typeof\s+)?import\(['"](\.[^'"]+)['"]\)\.([\w$]+)/g)].map(
    ([, , specifier, used]) => declarationOf({ file: resolved(file, specifier!), name: used! }),
  )
  const named = [...text.matchAll(/(?<![.\w$'"])([A-Z][\w$]*)/g)]
    .map((match) => match[1]!)
    .filter((used) => used !== name && (module.imported.has(used) || module.declarations.has(used)))
    .map((used) => declarationOf({ file, name: used }))
  return [...inline, ...named]
}

const key = ({ file, name }: Origin): string => `${file}#${name}`

const entries = Object.entries(exports).flatMap(([entry, target]) =>
  typeof target === 'string' ? [] : [[entry, join(declarations, target.types.replace('dist/', ''))] as const],
)

it.each(entries)('lets every type be imported that a signature of %s uses', (_, file) => {
  const own = [...moduleOf(file).exported.values()].map(declarationOf)
  const all = entries.flatMap(([, entry]) => [...moduleOf(entry).exported.values()].map(declarationOf))
  const exported = new Set(all.map(key))
  const missing = new Set<string>()
  for (const origin of own) {
    for (const used of uses(origin)) {
      // A lazily loaded function is passed on by its type; what matters is what that type names.
      const names = /^[a-z]/.test(used.name) ? uses(used) : [used]
      for (const each of names) {
        if (each.file !== elsewhere && !exported.has(key(each)))
          missing.add(`${each.name} of ${relative(declarations, each.file)}`)
      }
    }
  }
  expect([...missing].sort()).toEqual([])
})

it('has no type parameter after a typed array, which TypeScript before 5.7 refuses', () => {
  const read = new Map<string, string>()
  const visit = (file: string): void => {
    if (read.has(file)) return
    const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
    read.set(file, text)
    for (const [, name] of text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)) visit(resolved(file, name!))
  }
  for (const [, file] of entries) visit(file)
  const generic = [...read].flatMap(([file, text]) =>
    (text.match(/.*\b(?:(?:Ui|I)nt(?:8|16|32)|Uint8Clamped|Float(?:32|64)|Big(?:Ui|I)nt64)Array<.*/g) ?? []).map(
      (line) => `${relative(declarations, file)}: ${line.trim()}`,
    ),
  )
  expect(read.size).toBeGreaterThan(100)
  expect(generic).toEqual([])
})
