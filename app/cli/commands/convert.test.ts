import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { captured, jsonLines } from '../../../test/cli/captured.ts'
import { randomModel } from '../../../test/random-model.ts'
import { cliFile, libraryFile } from '../shell/installation.ts'

const starter = await randomModel()
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
})

it('prints help', async () => {
  expect((await captured(['convert', '--help'])).stdout).toMatchInlineSnapshot(`
    "typeclip convert: convert a checkpoint to another project's format

    Usage: typeclip convert SOURCE TARGET --to openai|open_clip|hf [--dtype f32|f16|bf16] [flags]

    SOURCE is what --model takes: a name, a hub id, a folder or a file. TARGET is one .safetensors file for openai; for
    open_clip and hf it is a folder in that project’s layout, with the config, and for hf the tokenizer. Without --dtype
    every number keeps its bits. A ResNet cannot be converted to hf: Hugging Face’s CLIPModel is always a transformer.
    --adapter merges a LoRA of Hugging Face’s PEFT into the weights; with --unmerge it is removed again.

    Flags:
      --to openai|open_clip|hf     format to write
      --dtype f32|f16|bf16         number type. Default: as stored
      --adapter FOLDER             PEFT adapter to merge; TARGET is then in open_clip’s format, in float32
      --unmerge                    with --adapter: remove an adapter that was merged into SOURCE
      --activation quickgelu|gelu  activation of a checkpoint that does not name its own
      --overwrite                  replace TARGET if it exists
      -q, --quiet                  no notices and no progress; errors are always shown
      -h, --help                   show this text

    Examples:
      typeclip convert ViT-B-32.pt clip-vit-base-patch32 --to hf
      typeclip convert openai/clip-vit-base-patch32 clip.safetensors --to openai --dtype f16
      typeclip convert openai/clip-vit-base-patch32 merged --to open_clip --adapter my-lora
    "
  `)
})

it('writes a model that gives the same answers', async () => {
  const target = join(folder, 'hf')
  expect(await captured(['convert', starter, target, '--to', 'hf', '--dtype', 'f32'])).toMatchObject({
    code: 0,
    stderr: '',
  })
  expect(await readdir(target)).toEqual(expect.arrayContaining(['config.json', 'model.safetensors', 'merges.txt']))
  const labels = async (model: string) => {
    const argv = ['classify', cliFile('golden', 'clouds.jpg'), '--labels', 'cat,dog', '--json', '--model', model]
    // The two projects prepare images in another order; here only the weights are compared.
    return jsonLines((await captured([...argv, '--order', 'openai'])).stdout)[0].labels
  }
  const [before, after] = [await labels(starter), await labels(target)]
  expect(after.map(({ label }: { label: string }) => label)).toEqual(
    before.map(({ label }: { label: string }) => label),
  )
  expect(after[0].score).toBeCloseTo(before[0].score, 5)
})

it('writes over nothing unless told, and says what is missing', async () => {
  const target = join(folder, 'once')
  const argv = ['convert', starter, target, '--to', 'open_clip']
  expect((await captured(argv)).code).toBe(0)
  expect(await captured(argv)).toMatchObject({ code: 2, stderr: expect.stringContaining('already') })
  expect((await captured([...argv, '--overwrite'])).code).toBe(0)
  expect(await captured(argv.slice(0, 3))).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--to is missing'),
  })
  expect(await captured(['convert', starter])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('SOURCE and TARGET'),
  })
})

it('refuses a ResNet to hf', async () => {
  const resnet = libraryFile('fixtures', 'checkpoints', 'openai-resnet.pt')
  const { code, stderr } = await captured(['convert', resnet, join(folder, 'resnet'), '--to', 'hf'])
  expect(code).toBe(2)
  expect(stderr).toContain('ResNet')
  expect(await readdir(folder)).not.toContain('resnet')
})
