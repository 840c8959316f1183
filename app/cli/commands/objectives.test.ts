// What `typeclip train` writes with each of Figure 2's objectives, in the hands of the other commands.

import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { captured, jsonLines } from '../../../test/cli/captured.ts'

const pictures = fileURLToPath(new URL('../../../examples/pictures', import.meta.url))
const words = ['apple', 'shoes', 'hat']
let folder: string
let picture: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
  for (const word of words) {
    await mkdir(join(folder, 'classes', word), { recursive: true })
    await cp(join(pictures, `${word}.jpg`), join(folder, 'classes', word, 'one.jpg'))
  }
  picture = join(pictures, 'apple.jpg')
  const config = {
    embed_dim: 16,
    vision_cfg: { image_size: 32, layers: 1, width: 64, patch_size: 16 },
    text_cfg: { context_length: 12, vocab_size: 49408, width: 16, heads: 1, layers: 1 },
  }
  await writeFile(join(folder, 'tiny.json'), JSON.stringify(config))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** Two steps, into a folder of its own. */
async function train(objective: string, model: string, name: string): Promise<string> {
  const out = join(folder, name)
  const data = ['--data', join(folder, 'classes'), '--template', 'a photo of a {}.']
  const steps = ['--batch', '3', '--steps', '2']
  const trained = await captured(['train', ...data, '--model', model, '--out', out, '--objective', objective, ...steps])
  expect(trained).toMatchObject({ code: 0 })
  return out
}

describe.each([
  { objective: 'bow', joint: false },
  { objective: 'lm', joint: false },
  { objective: 'bow-contrastive', joint: true },
])('$objective', ({ objective, joint }) => {
  let model: string[]
  beforeAll(async () => {
    model = ['--model', await train(objective, join(folder, 'tiny.json'), objective)]
  }, 120_000)

  it('classifies', async () => {
    const { code, stdout } = await captured(['classify', picture, '--labels', words.join(), '--json', ...model])
    expect(code).toBe(0)
    const [{ labels }] = jsonLines(stdout)
    expect(labels.map(({ label }: { label: string }) => label).sort()).toEqual([...words].sort())
    expect(labels.reduce((sum: number, { score }: { score: number }) => sum + score, 0)).toBeCloseTo(1, 5)
  })

  it('is evaluated zero-shot', async () => {
    const evaluation = ['evaluate', 'zero-shot', '--data', join(folder, 'classes'), '--json', ...model]
    const { code, stdout } = await captured(evaluation)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ n: 3, top5: 1 })
  })

  it('is embedded by only where there is a joint embedding', async () => {
    const { code, stdout, stderr } = await captured(['similarity', picture, '--text', 'an apple', '--json', ...model])
    expect(code).toBe(joint ? 0 : 2)
    if (joint) expect(jsonLines(stdout)).toHaveLength(1)
    else expect(stderr).toMatch(/no joint embedding.*it can only classify/)
  })

  it('cannot be looked into, nor converted, and says why', async () => {
    for (const words of [
      ['inspect', picture, '--text', 'an apple'],
      ['convert', model[1]!, join(folder, `${objective}-as-hf`), '--to', 'hf'],
    ]) {
      const { code, stderr } = await captured(words[0] === 'inspect' ? [...words, ...model] : words)
      expect(code, stderr).not.toBe(0)
      expect(stderr).toContain(`the objective ${objective}`)
      expect(stderr).not.toContain('internal error')
    }
  })
})

it('continues with another objective, and drops the former one’s own parameters', async () => {
  const first = await train('bow', join(folder, 'tiny.json'), 'first')
  const second = await train('contrastive', first, 'second')
  const { code, stdout } = await captured(['similarity', picture, '--text', 'an apple', '--json', '--model', second])
  expect(code).toBe(0)
  expect(jsonLines(stdout)).toHaveLength(1)
}, 120_000)

it('tells open_clip of the bias that SigLIP trains', async () => {
  const out = await train('siglip', join(folder, 'tiny.json'), 'siglip')
  const { model_cfg } = JSON.parse(await readFile(join(out, 'open_clip_config.json'), 'utf8'))
  expect(model_cfg).toMatchObject({ init_logit_bias: -10 })
  const { stdout } = await captured(['similarity', picture, '--text', 'an apple', '--json', '--model', out])
  const [{ cosine, logit }] = jsonLines(stdout)[0].texts
  // Two steps have hardly moved the scale, 10, and the bias, −10.
  expect(Math.abs(logit - (10 * cosine - 10))).toBeLessThan(0.1)
}, 120_000)
