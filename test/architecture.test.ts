// Which folder may import which, with the reason; and that platforms stay at the edges.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

const allowed: Record<string, { imports: string[]; because: string }> = {
  graph: { imports: [], because: 'a graph is mathematics; it knows no model and no machine' },
  tokenizer: { imports: [], because: 'text to ids concerns nothing else' },
  image: { imports: [], because: 'pixels to pixels concerns nothing else' },
  runtime: { imports: ['graph'], because: 'it runs graphs, whatever they compute' },
  checkpoint: { imports: ['graph'], because: 'it shares the names of element types with the graph' },
  model: { imports: ['graph'], because: 'a model is a graph over named parameters, wherever they come from' },
  objectives: { imports: ['graph', 'model'], because: 'an objective is a graph over what the towers give' },
  'zero-shot': {
    imports: ['load', 'checkpoint', 'embeddings', 'input-name', 'options'],
    because: 'it is a use of a loaded model, and kept beside its weights',
  },
  data: {
    imports: ['tokenizer', 'image', 'checkpoint'],
    because: 'it makes pictures and words into batches, for any model; shards come over http as checkpoints do',
  },
  evaluate: {
    imports: ['graph', 'runtime', 'checkpoint', 'load', 'before-projection', 'zero-shot', 'data'],
    because: 'it judges a loaded model by data, and fits a classifier to what the model sees',
  },
  training: {
    imports: [
      'graph',
      'runtime',
      'checkpoint',
      'image',
      'tokenizer',
      'model',
      'objectives',
      'data',
      'load',
      'zero-shot',
      'evaluate',
      'open-model',
      'orientation-notice',
      'model-tokenizer',
      'preprocessing',
      'config-files',
      'text-batches',
      'weights',
    ],
    because: 'it feeds an objective with data, writes the model down, and has it judged',
  },
  figure2: {
    imports: ['data', 'image', 'model', 'objectives', 'training', 'preprocessing'],
    because: 'it is runs of training, compared',
  },
  finetune: {
    imports: [
      'graph',
      'runtime',
      'checkpoint',
      'tokenizer',
      'image',
      'model',
      'objectives',
      'data',
      'load',
      'zero-shot',
      'evaluate',
      'training',
      'open-model',
      'orientation-notice',
    ],
    because: 'a method is an objective and a changed lookup for the training loop, or a classifier of its own',
  },
  inspect: {
    imports: ['graph', 'runtime', 'model', 'objectives', 'load', 'embeddings', 'tokenizer', 'image'],
    because: 'it builds the towers again with every stage as an output, where the model has those two',
  },
}

interface Source {
  /** Relative to the repository, with forward slashes. */
  path: string
  imports: string[]
  text: string
}

const sources: Source[] = ['src', 'app/cli'].flatMap((top) =>
  readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ts$/.test(file))
    .map((file) => {
      const path = join(top, file).split(sep).join('/')
      const text = readFileSync(join(root, path), 'utf8')
      return { path, imports: specifiersOf(text), text }
    }),
)

function specifiersOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!)
}

/** The folder of `src/` that a file is in; a file at its root is named by itself: `load`. */
function room(path: string): string {
  const [, first, ...rest] = path.split('/')
  return rest.length > 0 ? first! : first!.replace(/\.ts$/, '').replace(/\.(node|web)$/, '')
}

const shared = ['errors', 'make-folder', 'own-files', 'random']

it('lets each folder import only what it may', () => {
  const wrong = sources
    .filter(({ path }) => /^src\/.+\//.test(path) && !path.endsWith('.test.ts'))
    .flatMap(({ path, imports }) => {
      const from = room(path)
      const rule = allowed[from]
      if (!rule) return []
      return imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) =>
          room(
            normalize(join(dirname(path), specifier))
              .split(sep)
              .join('/'),
          ),
        )
        .filter((to) => to !== from && !shared.includes(to) && !rule.imports.includes(to))
        .map(
          (to) =>
            `${path} imports ${to}, but ${from} may import ${rule.imports.join(', ') || 'nothing'}: ${rule.because}`,
        )
    })
  expect(wrong).toEqual([])
})

it('lets the app import the library by its public names only', () => {
  const wrong = sources
    .filter(({ path }) => path.startsWith('app/'))
    .flatMap(({ path, imports }) =>
      imports
        .filter(
          (specifier) =>
            /src\/|dist\//.test(specifier) ||
            /^typeclip\/(?!(errors|inspect|training|evaluate|finetune)$)/.test(specifier),
        )
        .map((specifier) => `${path} imports ${specifier}`),
    )
  expect(wrong).toEqual([])
})

it('keeps platforms in files that say so', () => {
  const wrong = sources
    .filter(({ path }) => path.startsWith('src/') && !/\.(node|web)\.ts$|\.test\.ts$|^src\/node\.ts$/.test(path))
    .flatMap(({ path, text }) =>
      specifiersOf(text.replace(/\b(import|export) type [^']*'[^']+'/g, '')) // types leave nothing behind
        .filter((name) => /^node:|^sharp$|^onnxruntime-(node|web)$|\.node\.ts$|\.web\.ts$/.test(name))
        .map((name) => `${path} imports ${name}`),
    )
  expect(wrong).toEqual([])
})

it('loads ONNX Runtime in one place, where its telemetry is switched off first', () => {
  const loading = sources.filter(({ imports }) => imports.includes('onnxruntime-node')).map(({ path }) => path)
  expect(loading).toEqual(['src/runtime/native-library.node.ts'])
})

it('names nothing utils, helpers, common or misc', () => {
  const wrong = sources
    .map(({ path }) => path)
    .filter((path) => /(^|\/)(utils?|helpers?|common|misc)(\.|\/)/.test(path))
  expect(wrong).toEqual([])
})
