// Which folder may import which, with the reason; and that platform imports stay at the edges.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The folders of `src/`, lowest first: a folder imports from folders above it in this table only. */
const rooms: Record<string, { imports: string[]; because: string }> = {
  graph: { imports: [], because: 'a graph is mathematics; it knows no model and no machine' },
  files: { imports: [], because: 'atomic writes, locks, JSON and UTF-8 do not depend on what the files hold' },
  tokenizer: { imports: ['files'], because: 'text to ids needs the vocabulary that ships, and nothing else' },
  image: { imports: [], because: 'image files to pixels needs nothing else' },
  charts: { imports: [], because: 'it draws numbers, whatever they mean' },
  runtime: { imports: ['graph'], because: 'it runs graphs, whatever they compute' },
  checkpoint: { imports: ['graph', 'files'], because: 'it shares the names of element types with the graph' },
  download: {
    imports: ['checkpoint', 'files'],
    because: 'which files of a repository to fetch depends on the weight files in it',
  },
  model: { imports: ['graph'], because: 'a model is a graph over named parameters, wherever they come from' },
  objectives: { imports: ['graph', 'model'], because: 'an objective is a graph over the outputs of the encoders' },
  formats: {
    imports: ['graph', 'files', 'tokenizer', 'image', 'checkpoint', 'model'],
    because: 'a project publishes tensor names, a config, preprocessing and a tokenizer',
  },
  pretrained: {
    imports: ['graph', 'tokenizer', 'image', 'files', 'checkpoint', 'download', 'model', 'objectives', 'formats'],
    because: 'a published model is found, downloaded and opened in the format of its project',
  },
  clip: {
    imports: [
      'graph',
      'runtime',
      'tokenizer',
      'image',
      'checkpoint',
      'download',
      'model',
      'objectives',
      'formats',
      'pretrained',
    ],
    because: 'a loaded CLIP is a published model, a runtime, a tokenizer and preprocessing',
  },
  'zero-shot': {
    imports: ['checkpoint', 'clip'],
    because: 'a classifier is made with a loaded CLIP, and saved as tensors',
  },
  data: {
    imports: ['files', 'image', 'download', 'zero-shot'],
    because: 'it makes images and captions into batches; a class becomes a caption by a prompt template',
  },
  evaluate: {
    imports: ['graph', 'runtime', 'files', 'clip', 'zero-shot', 'data'],
    because: 'it measures a loaded CLIP on data, and fits a classifier to its embeddings',
  },
  inspect: {
    imports: ['graph', 'runtime', 'image', 'model', 'objectives', 'clip'],
    because: 'it builds the encoders again with every stage as an output',
  },
  training: {
    imports: [
      'graph',
      'runtime',
      'tokenizer',
      'image',
      'files',
      'charts',
      'checkpoint',
      'download',
      'model',
      'objectives',
      'formats',
      'pretrained',
      'clip',
      'data',
      'evaluate',
    ],
    because: 'it feeds an objective with data, writes the model, and has it validated',
  },
  figure2: {
    imports: ['files', 'image', 'charts', 'objectives', 'data', 'training'],
    because: 'it compares training runs',
  },
  finetune: {
    imports: [
      'graph',
      'runtime',
      'tokenizer',
      'image',
      'files',
      'charts',
      'checkpoint',
      'model',
      'objectives',
      'pretrained',
      'clip',
      'zero-shot',
      'data',
      'evaluate',
      'training',
    ],
    because: 'a method is an objective and a wrapped lookup for the training loop, or a classifier of its own',
  },
  entry: { imports: ['*'], because: 'it names what each subpath of the package exports, and nothing imports it' },
}

/** The only files at the root of `src/`. They import nothing of ours.. */
const foundations = ['errors', 'random']

interface Source {
  /** Relative to the repository, with forward slashes. */
  path: string
  imports: string[]
  text: string
}

const sources: Source[] = ['src', 'app'].flatMap((top) =>
  readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ts$/.test(file) && !/(^|[\\/])(dist|node_modules)[\\/]/.test(file))
    .map((file) => {
      const path = join(top, file).split(sep).join('/')
      const text = readFileSync(join(root, path), 'utf8')
      return { path, imports: specifiersOf(text), text }
    }),
)

const library = sources.filter(({ path }) => path.startsWith('src/') && !path.endsWith('.test.ts'))

function specifiersOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!)
}

/** The folder of `src/` that a file is in; a file at the root of `src/` is named by itself: `errors`. */
function room(path: string): string {
  const [, first, ...rest] = path.split('/')
  return rest.length > 0 ? first! : first!.replace(/(\.node|\.web)?\.ts$/, '')
}

/** The rooms that a file imports from. */
function importedRooms({ path, imports }: Source): string[] {
  return imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) =>
      room(
        normalize(join(dirname(path), specifier))
          .split(sep)
          .join('/'),
      ),
    )
    .filter((to) => to !== room(path) && !foundations.includes(to))
}

it('has a rule for each folder, and two files at the root of src', () => {
  const found = new Set(library.map(({ path }) => room(path)))
  expect([...found].sort()).toEqual([...Object.keys(rooms), ...foundations].sort())
})

it('lets each folder import only what it may', () => {
  const wrong = library.flatMap((source) => {
    const from = room(source.path)
    const rule = rooms[from] ?? { imports: [], because: 'the foundations import nothing of ours' }
    return importedRooms(source)
      .filter((to) => to === 'entry' || !(rule.imports.includes('*') || rule.imports.includes(to)))
      .map(
        (to) =>
          `${source.path} imports ${to}, but ${from} may import ${rule.imports.join(', ') || 'nothing'}: ${rule.because}`,
      )
  })
  expect(wrong).toEqual([])
})

it('allows no import that is not needed, and none of a folder further down', () => {
  const order = Object.keys(rooms)
  const wrong = Object.entries(rooms).flatMap(([from, { imports }]) => {
    const needed = new Set(library.filter(({ path }) => room(path) === from).flatMap(importedRooms))
    return imports
      .filter((to) => to !== '*' && (!needed.has(to) || order.indexOf(to) >= order.indexOf(from)))
      .map((to) => `${from} -> ${to}`)
  })
  expect(wrong).toEqual([])
})

it('lets the app import the library by its public names only', () => {
  const exported = Object.keys(
    (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, unknown> }).exports,
  ).map((subpath) => subpath.replace(/^\./, 'typeclip'))
  const wrong = sources
    .filter(({ path }) => path.startsWith('app/'))
    .flatMap(({ path, imports }) =>
      imports
        .filter(
          (specifier) =>
            /src\/|dist\//.test(specifier) || (/^typeclip(\/|$)/.test(specifier) && !exported.includes(specifier)),
        )
        .map((specifier) => `${path} imports ${specifier}`),
    )
  expect(wrong).toEqual([])
})

it('keeps platforms in files that say so', () => {
  const wrong = library
    .filter(({ path }) => !/\.(node|web)\.ts$|^src\/entry\/node\.ts$/.test(path))
    .flatMap(({ path, text }) =>
      specifiersOf(text.replace(/\b(import|export) type [^']*'[^']+'/g, '')) // types leave nothing behind
        .filter((name) => /^node:|^sharp$|^onnxruntime-(node|web)$|\.node\.ts$|\.web\.ts$/.test(name))
        .map((name) => `${path} imports ${name}`),
    )
  expect(wrong).toEqual([])
})

it('names nothing utils, helpers, common or misc', () => {
  const wrong = sources
    .map(({ path }) => path)
    .filter((path) => /(^|\/)(utils?|helpers?|common|misc)(\.|\/)/.test(path))
  expect(wrong).toEqual([])
})

it('loads ONNX Runtime in one place, where its telemetry is switched off first', () => {
  const loading = sources.filter(({ imports }) => imports.includes('onnxruntime-node')).map(({ path }) => path)
  expect(loading).toEqual(['src/runtime/native-library.node.ts'])
})

it('loads no model, no native library and no network code with the light entries', () => {
  const imported = new Map(library.map(({ path, imports }) => [path, imports.filter((name) => name.startsWith('.'))]))
  const loaded = (path: string, seen = new Set<string>()): Set<string> => {
    if (seen.has(path)) return seen
    seen.add(path)
    for (const name of imported.get(path)!) loaded(join(dirname(path), name).split(sep).join('/'), seen)
    return seen
  }
  const roomsOf = (entry: string) => new Set([...loaded(entry)].map(room))
  expect(roomsOf('src/entry/errors.ts')).toEqual(new Set(['entry', 'errors']))
  expect(roomsOf('src/entry/tokenizer.node.ts')).toEqual(new Set(['entry', 'errors', 'files', 'tokenizer']))
  expect(roomsOf('src/entry/checkpoint.node.ts')).toEqual(new Set(['entry', 'errors', 'graph', 'checkpoint']))
})
