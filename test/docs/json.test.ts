// The `--json` of every command against its schema in docs/json, on tiny data. The schemas allow no property that they do not describe.

import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../../app/cli/run.ts'
import { captured } from '../cli/captured.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pictures = join(root, 'examples/pictures')
const apple = join(pictures, 'apple.jpg')
const schemas = join(root, 'docs/json')
const ajv = new Ajv2020({ allErrors: true, strictTypes: false })
const folder = mkdtempSync(join(tmpdir(), 'typeclip-json-'))
const inFolder = (name: string): string => join(folder, name)
const seen = new Set<string>()

beforeAll(async () => {
  for (const name of ['apple', 'hat', 'shoes']) {
    mkdirSync(inFolder(`photos/${name}`), { recursive: true })
    for (let copy = 0; copy < 4; copy++) cpSync(join(pictures, `${name}.jpg`), inFolder(`photos/${name}/${copy}.jpg`))
  }
  cpSync(inFolder('photos'), inFolder('broken'), { recursive: true })
  writeFileSync(inFolder('broken/hat/broken.png'), 'no image')
  // Wrong captions, so that there are misses and mistakes.
  const rows = ['apple,shoes', 'hat,an apple', 'shoes,a hat'].map((row) => join(pictures, row.replace(',', '.jpg,')))
  writeFileSync(inFolder('pairs.csv'), ['image,caption', ...rows].join('\n'))
  const words = { apple: 'shoes', hat: 'an apple', shoes: 'a hat' }
  writeFileSync(inFolder('words.json'), JSON.stringify(words))
  const text = { context_length: 16, vocab_size: 49408, width: 16, heads: 1, layers: 1 }
  const vit = { embed_dim: 16, vision_cfg: { image_size: 32, layers: 1, width: 64, patch_size: 16 }, text_cfg: text }
  writeFileSync(inFolder('tiny.json'), JSON.stringify(vit))
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a command and validates each line, or the whole, with its schema. */
async function valid(schema: string, argv: readonly string[], form: 'lines' | 'one' = 'lines', code = 0) {
  seen.add(schema)
  const { stdout, stderr, code: found } = await captured([...argv, '--json'])
  expect(found, stderr).toBe(code)
  const values =
    form === 'one'
      ? [JSON.parse(stdout)]
      : stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line))
  expect(values.length).toBeGreaterThan(0)
  const file = join(schemas, `${schema}.schema.json`)
  const validate =
    ajv.getSchema(schema) ?? ajv.addSchema(JSON.parse(readFileSync(file, 'utf8')), schema).getSchema(schema)!
  for (const value of values) expect(validate(value) ? [] : { value, errors: validate.errors }).toEqual([])
  return values
}

describe('every command', () => {
  it('classify, with and without a calibration', async () => {
    await valid('classify', ['classify', apple, pictures, '--labels', 'an apple,a hat'])
    const calibration = inFolder('calibration.json')
    await valid(
      'evaluate-calibrate',
      ['evaluate', 'calibrate', '--data', inFolder('photos'), '--out', calibration],
      'one',
    )
    await valid('classify', ['classify', apple, '--calibration', calibration])
  })

  it('similarity, tokenize, models', async () => {
    await valid('similarity', ['similarity', apple, '--text', 'an apple', 'a hat'])
    await valid('tokenize', ['tokenize', 'hello world!', ''])
    await valid('models', ['models'])
  })

  it('doctor', () => valid('doctor', ['doctor'], 'one'), 60_000)

  it('inspect: a ResNet, an explanation, a text alone', async () => {
    await valid('inspect', ['inspect', apple, '--text', 'an apple', '--text', 'a hat', '--explain'], 'one')
    await valid('inspect', ['inspect', '--text', 'an apple'], 'one')
  })

  it('evaluate zero-shot, with mistakes, a broken image and a calibration', async () => {
    const wrong = ['--classnames', inFolder('words.json')]
    const [result] = await valid(
      'evaluate-zero-shot',
      ['evaluate', 'zero-shot', '--data', inFolder('broken'), ...wrong],
      'one',
      1,
    )
    expect(result.mistakes.length).toBeGreaterThan(0)
    expect(result.skipped.length).toBe(1)
    const calibration = ['--calibration', inFolder('calibration.json')]
    await valid('evaluate-zero-shot', ['evaluate', 'zero-shot', '--data', inFolder('photos'), ...calibration], 'one')
  })

  it('evaluate retrieval, with misses', async () => {
    const [result] = await valid(
      'evaluate-retrieval',
      ['evaluate', 'retrieval', '--data', inFolder('pairs.csv')],
      'one',
    )
    expect(result.misses.length).toBeGreaterThan(0)
  })

  it('evaluate linear-probe, with a sweep', async () => {
    const data = ['--train', inFolder('photos'), '--test', inFolder('photos')]
    await valid('evaluate-linear-probe', ['evaluate', 'linear-probe', ...data, '--sweep'], 'one')
  })

  it('train, with validation, and the trained model', async () => {
    const data = ['--data', inFolder('pairs.csv'), '--val', inFolder('photos')]
    const run = ['--model', inFolder('tiny.json'), '--out', inFolder('run'), '--batch', '2', '--steps', '2']
    const kinds = (await valid('train', ['train', ...data, ...run])).map(({ kind }) => kind)
    expect(new Set(kinds)).toEqual(new Set(['start', 'step', 'validation', 'saved', 'end']))
    await valid('inspect', ['inspect', apple, '--text', 'a hat', '--explain', '--model', inFolder('run')], 'one')
  }, 60_000)

  it.each(['full', 'wise-ft', 'lora', 'flyp', 'lit', 'linear-probe', 'coop', 'tip-adapter', 'tip-adapter-f'])(
    'finetune --method %s',
    async (method) => {
      const data = ['--train', inFolder('photos'), '--val', inFolder('photos')]
      const loop = /^(full|wise-ft|lora|flyp|lit)$/.test(method) ? ['--judgements', '1'] : []
      const length = /^(linear-probe|tip-adapter)$/.test(method) ? [] : ['--epochs', '1', ...loop]
      const out = ['--out', inFolder(method), '--model', inFolder('run')]
      await valid('finetune', ['finetune', '--method', method, ...data, ...length, ...out], 'one')
    },
    60_000,
  )

  it('figure2', async () => {
    const data = ['--data', inFolder('photos'), '--template', 'a {}.', '--val', inFolder('photos')]
    const small = [
      '--seeds',
      '1',
      '--lrs',
      '1e-3,3e-3',
      '--points',
      '2',
      '--images',
      '8',
      '--batch',
      '4',
      '--no-augment',
    ]
    const run = ['--model', inFolder('tiny.json'), '--out', inFolder('figure2')]
    const values = await valid('figure2', ['figure2', ...data, ...small, ...run])
    const kinds = new Set(values.map(({ kind }) => kind))
    expect(kinds).toEqual(new Set(['plan', 'run', 'training', 'ran', 'chosen', 'end']))
  }, 300_000)
})

it('has a schema for every command with --json, and tests each', async () => {
  const withJson: string[] = []
  for (const [name, { load }] of Object.entries(commands)) {
    const { command } = await load()
    if ('json' in command.flags) withJson.push(name.replace(' ', '-'))
  }
  const files = readdirSync(schemas).map((name) => basename(name, '.schema.json'))
  expect(files.sort()).toEqual(withJson.sort())
  expect([...seen].sort()).toEqual(files)
})

it('has schemas that allow no further properties, at every depth', () => {
  const open: string[] = []
  const walk = (schema: unknown, at: string): void => {
    if (typeof schema !== 'object' || schema === null) return
    const { type, additionalProperties } = schema as Record<string, unknown>
    if (type === 'object' && (additionalProperties === undefined || additionalProperties === true)) open.push(at)
    for (const [key, value] of Object.entries(schema)) walk(value, `${at}/${key}`)
  }
  for (const name of readdirSync(schemas)) walk(JSON.parse(readFileSync(join(schemas, name), 'utf8')), name)
  expect(open).toEqual([])
})
