import { once } from 'node:events'
import { createReadStream, readFileSync } from 'node:fs'
import { cp, mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomModel } from '../../test/random-model.ts'
import { spoil } from '../../test/spoil.ts'
import { CheckpointError, InputError, UsageError } from '../errors.ts'
import { softmax } from '../evaluate/reliability.ts'
import { inspect } from '../inspect/inspect.ts'
import { loadTokenizer } from '../tokenizer/vocabulary.node.ts'
import { tokenizeCaptions } from '../training/collate.ts'
import { narrowed, rank, scoresOf } from '../zero-shot/classifier.ts'
import { zeroShotClassifier } from '../zero-shot/prompt-ensemble.ts'
import { classify } from '../zero-shot/scorer.ts'
import type { Clip, ImageInput, UseNotice } from './clip.ts'
import { load } from './load.node.ts'
import { createPreprocessor } from './preprocessor.node.ts'
import { similarity } from './similarity.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))
const image = fixture('images/rgb.png')

let folder: string
let clip: Clip
beforeAll(async () => {
  folder = await randomModel({
    embed_dim: 16,
    vision_cfg: { image_size: 32, layers: 2, width: 64, patch_size: 16 },
    text_cfg: { context_length: 16, vocab_size: 49408, width: 64, heads: 1, layers: 2 },
  })
  clip = await load(folder, { threads: 1 })
})
afterAll(() => clip.dispose())

/** The model with one number changed. */
async function spoiled(parameter: string, value: number, options?: { all: boolean }): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'typeclip-spoiled-'))
  await cp(folder, copy, { recursive: true })
  spoil(copy, parameter, value, options)
  return copy
}

async function errorOf(call: Promise<unknown>): Promise<Error & { index?: number; input?: string }> {
  return call.then(
    () => {
      throw new Error('it should have been refused')
    },
    (error: Error) => error,
  )
}

describe('a model that gives no numbers', () => {
  it.each([
    ['visual.proj', Number.NaN, 'NaN'],
    ['visual.conv1.weight', Number.POSITIVE_INFINITY, 'infinity'],
  ])('says so for images: %s is %f', async (parameter, value, word) => {
    await using broken = await load(await spoiled(parameter, value), { threads: 1 })
    const calls = [
      broken.encodeImage(image),
      broken.encodeImage([image, image], { normalize: true }),
      broken.streamImages([image]).next(),
      classify(broken, image, ['a cat', 'a dog']),
      similarity(broken, image, 'a cat'),
    ]
    for (const error of await Promise.all(calls.map(errorOf))) {
      expect(error).toBeInstanceOf(CheckpointError)
      expect(error.message).toContain(`the model gives no numbers for ${image}`)
      expect(error.message).toContain('its weights are broken, or its training went wrong')
      expect(error.message).toMatch(new RegExp(`parameter ${parameter} \\[.*\\] holds ${word}`))
    }
    expect((await broken.encodeText('a cat')).shape).toEqual([1, 16])
  })

  it('says so for texts', async () => {
    await using broken = await load(await spoiled('text_projection', Number.NaN), { threads: 1 })
    for (const error of await Promise.all(
      [
        broken.encodeText(['a cat', 'a dog']),
        zeroShotClassifier(broken, ['a cat']),
        similarity(broken, image, 'a cat'),
      ].map(errorOf),
    )) {
      expect(error).toBeInstanceOf(CheckpointError)
      expect(error.message).toMatch(/no numbers for ".*cat.*" .*parameter text_projection \[64, 16\] holds NaN/)
    }
    expect((await broken.encodeImage(image)).shape).toEqual([1, 16])
  })

  it('says in inspect which step is the first that gives none', async () => {
    const parameters = ['visual.ln_pre.weight', 'transformer.resblocks.1.mlp.c_fc.weight', 'text_projection'] as const
    const steps = ['visual.ln_pre', 'transformer.resblocks.1.mlp.c_fc', 'text_projection']
    for (const [i, parameter] of parameters.entries()) {
      await using broken = await load(await spoiled(parameter, Number.NaN), { threads: 1 })
      const inputs = parameter.startsWith('visual') ? { image } : { texts: ['a cat'] }
      const error = await errorOf(inspect(broken, inputs))
      expect(error).toBeInstanceOf(CheckpointError)
      expect(error.message).toContain(`(found NaN); the first broken stage is ${steps[i]}`)
    }
  })

  it('does not divide an embedding of zeros by its length', async () => {
    await using broken = await load(await spoiled('visual.proj', 0, { all: true }), { threads: 1 })
    expect((await broken.encodeImage(image)).data).toEqual(new Float32Array(16))
    for (const error of await Promise.all(
      [broken.encodeImage(image, { normalize: true }), classify(broken, image, ['a', 'b'])].map(errorOf),
    )) {
      expect(error).toBeInstanceOf(CheckpointError)
      expect(error.message).toContain('is zero in all its numbers and has no direction')
    }
  })

  it.each([Number.NaN, 200])('is refused where its logit_scale is %f', async (value) => {
    const error = await errorOf(load(await spoiled('logit_scale', value)))
    expect(error).toBeInstanceOf(CheckpointError)
    expect(error.message).toContain('parameter logit_scale')
  })

  it('is found by its scores, where a classifier was trained', () => {
    const classifier = { names: ['a', 'b'], weights: Float32Array.of(1, 0, Number.NaN, 1) }
    expect(() => scoresOf(classifier, Float32Array.of(1, 1))).toThrow(
      "the classifier's logits are no numbers (found NaN)",
    )
    const large = { names: ['a', 'b'], weights: Float32Array.of(3e38, 3e38, 1, 1), normalize: false }
    expect(() => rank(large, Float32Array.of(3, 3))).toThrow('found infinity')
    expect(() => scoresOf({ ...classifier, weights: new Float32Array(4) }, new Float32Array(2))).toThrow('no direction')
  })

  it('has no temperature that is 0, negative or NaN', () => {
    const classifier = { names: ['a', 'b'], weights: Float32Array.of(1, 0, 0, 1) }
    for (const temperature of [0, -1, Number.NaN, Infinity]) {
      expect(() => rank(classifier, Float32Array.of(1, 2), 2, temperature)).toThrow(UsageError)
    }
    expect(rank(classifier, Float32Array.of(1, 2), 2, 1e-30).map(({ score }) => score)).toEqual([1, 0])
  })
})

describe('what is no image or text', () => {
  it.each<[string, () => unknown, string]>([
    ['undefined', () => undefined, 'found undefined'],
    ['null', () => null, 'found null'],
    ['a number', () => 3, 'found 3 (a number)'],
    ['a file being read', () => createReadStream(image), 'found a stream of bytes'],
  ])('is refused as an image: %s', async (_, given, message) => {
    const error = await errorOf(clip.encodeImage(given() as ImageInput))
    expect(error).toBeInstanceOf(InputError)
    expect(error.message).toContain(message)
    expect(error.index).toBe(0)
  })

  it.each<[string, unknown, number, string]>([
    ['null', null, 0, 'text 0: expected a string; found null'],
    ['undefined', undefined, 0, 'text 0: expected a string; found undefined'],
    ['a number among texts', ['a cat', 3], 1, 'text 1: expected a string; found 3 (a number)'],
    ['bytes', new Uint8Array(3), 0, 'text 0: expected a string; found an object of class Uint8Array'],
  ])('is refused as a text: %s', async (_, given, index, message) => {
    const error = await errorOf(clip.encodeText(given as string))
    expect(error).toBeInstanceOf(InputError)
    expect(error.message).toBe(message)
    expect(error.index).toBe(index)
  })

  it('is a result of a stream, which goes on', async () => {
    const given = [image, null, '/nowhere.png', image, 7, readFileSync(image)] as ImageInput[]
    const results = []
    for await (const result of clip.streamImages(given)) results.push(result)
    expect(results.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5])
    expect(results.map((result) => 'embedding' in result)).toEqual([true, false, false, true, false, true])
    const errors = results.flatMap((result) => ('error' in result ? [result.error] : []))
    for (const error of errors) expect(error).toBeInstanceOf(InputError)
    expect(errors.map(({ index, input }) => [index, input])).toEqual([
      [1, 'null'],
      [2, '/nowhere.png'],
      [4, '7 (a number)'],
    ])
    expect((errors[1]!.cause as NodeJS.ErrnoException).code).toBe('ENOENT')
  })

  it('is named by its place where one of many fails', async () => {
    const given = [image, image, image, '/nowhere.png', image]
    for (const error of await Promise.all(
      [clip.encodeImage(given), classify(clip, given, ['a cat', 'a dog']), similarity(clip, given, 'a cat')].map(
        errorOf,
      ),
    )) {
      expect(error).toBeInstanceOf(InputError)
      expect(error).toMatchObject({ index: 3, input: '/nowhere.png', cause: { code: 'ENOENT' } })
    }
    const label = await errorOf(classify(clip, image, ['a', 'word '.repeat(30)], { templates: ['a {}', 'b {}', '{}'] }))
    expect(label).toMatchObject({ name: 'InputError', index: 1, input: 'word '.repeat(30) })
    const long = await errorOf(clip.encodeText(['a cat', 'word '.repeat(30)]))
    expect(long).toBeInstanceOf(InputError)
    expect(long).toMatchObject({ index: 1 })
  })
})

describe('options', () => {
  it.each<[object, string]>([
    [{ threads: 0 }, 'load: `threads` is 0; expected a whole number of at least 1'],
    [{ threads: 1.5 }, '`threads` is 1.5'],
    [{ device: 'nonsense' }, "`device` is 'nonsense'"],
    [{ tower: ['image'] }, "load has no option 'tower'; did you mean `towers`?"],
    [{ maxpixels: 1 }, 'did you mean `maxPixels`?'],
    [{ nonsense: 1 }, "load has no option 'nonsense'; there are activation, towers"],
    [{ towers: 'image' }, "`towers` is 'image'; expected a list of 'image' or 'text'"],
    [{ towers: [] }, '`towers` is []'],
    [{ towers: ['image', 'sound'] }, '`towers` is [image, sound]'],
    [{ activation: 'relu' }, "`activation` is 'relu'; expected 'quickgelu' or 'gelu'"],
    [{ imageSize: -1 }, '`imageSize` is -1'],
    [{ maxPixels: Number.NaN }, '`maxPixels` is NaN'],
    [{ preprocessing: { mode: 'crop' } }, "`mode` is 'crop'; expected 'shortest' or 'longest' or 'squash'"],
    [{ preprocessing: { size: 3 } }, "has no option 'size'"],
  ])('of load are checked: %j', async (options, message) => {
    const error = await errorOf(load(undefined, options as never))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toContain(message)
  })

  it('of the encoders and of classify are checked', async () => {
    const refused = async (call: Promise<unknown>, message: string) => {
      const error = await errorOf(call)
      expect(error).toBeInstanceOf(UsageError)
      expect(error.message).toContain(message)
    }
    await refused(
      clip.encodeText('a cat', { onLong: 'cut' as never }),
      "`onLong` is 'cut'; expected 'error' or 'truncate' or 'chunk'",
    )
    await refused(clip.encodeText('a cat', { normalise: true } as never), 'did you mean `normalize`?')
    await refused(clip.encodeImage(image, { onLong: 'chunk' } as never), "encodeImage has no option 'onLong'")
    await refused(clip.encodeImage(image, null as never), 'options should be an object; found null')
    await refused(classify(clip, image, ['a', 'b'], { top: 0 }), '`top` is 0')
    await refused(
      classify(clip, image, ['a', 'b'], { topk: 1 } as never),
      "classify has no option 'topk'; did you mean `top`?",
    )
    await refused(classify(clip, image, undefined as never), 'labels should be a list of strings')
    await refused(classify(clip, image, 'a cat' as never), 'labels should be a list of strings')
    await refused(classify(clip, image, ['a', 3] as never), 'found 3 (a number)')
    await refused(classify(clip, image, []), 'no labels were given')
    await refused(classify(clip, image, ['a'], { templates: 'a {}' as never }), '`templates` is')
    await refused(classify(clip, image, ['a'], { templates: [] }), '`templates` is []')
    const classifier = await zeroShotClassifier(clip, ['a cat', 'a dog'])
    const embeddings = await clip.encodeImage(image)
    expect(() => scoresOf(classifier, embeddings as never)).toThrow('expected one embedding, a Float32Array')
    expect(() => narrowed(classifier, undefined as never)).toThrow('labels should be a list of strings')
    expect(() => createPreprocessor({} as never)).toThrow('`preprocessing` is missing')
    expect(() => createPreprocessor({ ...clip, maxPixels: 1 } as never)).toThrow(
      "createPreprocessor has no option 'name'",
    )
    expect(() => softmax(Float32Array.of(1, 2), 0)).toThrow('`temperature` is 0')
    await refused(load(null as never), 'found null')
    await refused(load(new URL('file:///x') as never), 'found an object of class URL')
  })

  it('may be left undefined', async () => {
    const { shape } = await clip.encodeText('a cat', { onLong: undefined, normalize: undefined } as never)
    expect(shape).toEqual([1, 16])
  })
})

describe('a vocabulary that is smaller than the tokenizer’s', () => {
  it('is refused by name, in place of an error of ONNX Runtime', async () => {
    const small = await randomModel({
      embed_dim: 16,
      vision_cfg: { image_size: 32, layers: 1, width: 64, patch_size: 16 },
      text_cfg: { context_length: 16, vocab_size: 60, width: 64, heads: 1, layers: 1 },
    })
    const message = /(the model's vocabulary has 60 entries|60)/
    const calls = [
      load(small, { threads: 1 }).then((clip) => clip.encodeText('a cat')),
      load(small, { threads: 1 }).then((clip) => inspect(clip, { texts: ['a cat'] })),
      load(small, { threads: 1 }).then((clip) => classify(clip, image, ['a cat'])),
    ]
    for (const error of await Promise.all(calls.map(errorOf))) {
      expect(error).toBeInstanceOf(CheckpointError)
      expect(error.message).toMatch(message)
    }
    const tokenizer = await loadTokenizer()
    const { text } = clip.config
    expect(() => tokenizeCaptions(['a cat'], tokenizer, { ...text!, vocabularySize: 60 })).toThrow(CheckpointError)
  })
})

describe('dispose', () => {
  it('may be called twice, at the same time too', async () => {
    const own = await load(folder, { threads: 1 })
    await own.encodeImage(image)
    await Promise.all([own.dispose(), own.dispose()])
    await own.dispose()
    await own[Symbol.asyncDispose]()
    const calls = [own.encodeImage(image), own.encodeText('a'), own.preprocess(image), own.streamImages(image).next()]
    for (const error of await Promise.all(calls.map(errorOf))) {
      expect(error).toBeInstanceOf(UsageError)
      expect(error.message).toBe(`${folder}: this model was disposed of; load it again`)
    }
  })

  it('does not wait for an address that is silent', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const own = await load(folder, { threads: 1 })
    const settled = Promise.allSettled([
      own.encodeImage([image, `http://127.0.0.1:${(server.address() as AddressInfo).port}/silent.png`]),
    ])
    await once(server, 'request')
    const began = performance.now()
    await own.dispose()
    expect(await settled).toMatchObject([
      { reason: { name: 'UsageError', message: `${folder}: this model was disposed of; load it again` } },
    ])
    expect(performance.now() - began).toBeLessThan(5000)
    server.closeAllConnections()
    server.close()
  })

  it('is done at the end of a block with await using', async () => {
    let kept: Clip
    {
      await using own = await load(folder, { threads: 1 })
      await own.encodeText('a cat')
      kept = own
    }
    await expect(kept.encodeText('a cat')).rejects.toThrow('was disposed of')
  })

  it.each([0, 1, 5, 20, 60])('while a model works gives a result or says what happened (after %i ms)', async (wait) => {
    const own = await load(folder, { threads: 1 })
    const calls = [
      own.encodeImage(Array(200).fill(image)),
      own.encodeText(Array.from({ length: 2000 }, (_, i) => `text ${i}`)),
      own.preprocess(image),
    ]
    const settled = Promise.allSettled(calls)
    await new Promise((resolve) => setTimeout(resolve, wait))
    await own.dispose()
    for (const result of await settled) {
      if (result.status === 'fulfilled') continue
      expect(result.reason).toBeInstanceOf(UsageError)
      expect(result.reason.message).toBe(`${folder}: this model was disposed of; load it again`)
    }
  })
})

describe('notices', () => {
  it('name each image whose EXIF orientation was not applied', async () => {
    const notices: UseNotice[] = []
    const bytes = readFileSync(fixture('orientation/turned-8.jpg'))
    const sideways = fixture('images/rotated.jpg')
    const given = [image, sideways, bytes, fixture('images/rotated.tif'), sideways, new Uint8Array(bytes)]
    for (const exifRotate of [false, true]) {
      await using own = await load(folder, { threads: 1, exifRotate, onNotice: (notice) => notices.push(notice) })
      await own.encodeImage(given)
    }
    const found = notices.flatMap((notice) => (notice.kind === 'orientation' ? [notice] : []))
    expect(found.map(({ orientation }) => orientation).sort()).toEqual([6, 6, 8, 8])
    expect(new Set(found.map(({ id }) => id)).size).toBe(2)
    expect(found.filter((notice) => notice.image === sideways).map(({ message }) => message)).toEqual(
      Array(2).fill(`${sideways} has EXIF orientation 6, which was not applied; \`exifRotate\` turns it upright`),
    )
  })

  it('tell once of a text in a script that the tokenizer spells', async () => {
    const notices: UseNotice[] = []
    await using own = await load(folder, { threads: 1, onNotice: (notice) => notices.push(notice) })
    await own.encodeText(['café', 'a 🐱', 'α-helix'])
    expect(notices).toEqual([])
    await classify(own, image, ['cat', '狗', '猫'])
    await own.encodeText(['собака'])
    expect(notices).toMatchObject([{ kind: 'script', text: 'a photo of a 狗.' }])
    expect(notices[0]!.message).toContain('knows English words and spells texts such as "a photo of a 狗."')
  })
})
