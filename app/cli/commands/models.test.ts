import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { captured, jsonLines } from '../../../test/cli/captured.ts'

afterEach(() => vi.unstubAllEnvs())

it('prints help', async () => {
  expect((await captured(['models', '--help'])).stdout).toMatchInlineSnapshot(`
    "typeclip models: list the names that --model takes

    Usage: typeclip models [flags]

    Lists OpenAI’s models, some of the Hugging Face hub, and those in the cache. --model also takes any other hub id
    (organisation/name, optionally with hf-hub: in front or @revision at the end), a folder or a file.

    Flags:
      --json       one line per model: {"name", "from", "cached": {"path", "bytes"}}
      -q, --quiet  no notices and no progress; errors are always shown
      -h, --help   show this text

    Examples:
      typeclip models
      typeclip classify photo.jpg --labels "a cat,a dog" --model ViT-B/32
    "
  `)
})

it('lists what can be named, and what is in the cache', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'typeclip-hub-'))
  const commit = '0123456789abcdef0123456789abcdef01234567'
  const repo = async (name: string, files: Record<string, string>) => {
    const snapshot = join(cache, `models--${name}`, 'snapshots', commit)
    await mkdir(snapshot, { recursive: true })
    await mkdir(join(cache, `models--${name}`, 'refs'))
    await writeFile(join(cache, `models--${name}`, 'refs', 'main'), commit)
    for (const [file, text] of Object.entries(files)) await writeFile(join(snapshot, file), text)
    return snapshot
  }
  const path = await repo('mine--clip', { 'config.json': '{"model_type": "clip"}', 'model.safetensors': '0123456789' })
  await repo('mine--bert', { 'config.json': '{"model_type": "bert"}', 'model.safetensors': '' })
  await repo('mine--unfinished', { 'config.json': '{"model_type": "clip"}' })
  vi.stubEnv('HF_HUB_CACHE', cache)

  const { code, stdout } = await captured(['models', '--json'])
  const models = jsonLines(stdout)
  expect(code).toBe(0)
  expect(models.filter(({ from }) => from === 'openai').map(({ name }) => name)).toHaveLength(9)
  expect(models.filter(({ name }) => name.startsWith('mine'))).toEqual([
    { name: 'mine/clip', from: 'hub', cached: { path, bytes: 32 } },
  ])
  const table = (await captured(['models'])).stdout
  expect(table).toMatch(/^\(default\) +ships with typeclip +[\d.]+ MB /)
  expect(table).toMatch(/\nViT-B\/32 +OpenAI /)
})
