/** A worker process: writes the shards that it is asked for, each sample a JPEG and its caption. */
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { look, SIZE } from './augment.mjs'
import { caption, spell } from './captions.mjs'
import { readPixels } from './decode.mjs'
import { generator } from './random.mjs'
import { writeTar } from './tar.mjs'

const [planFile, first, step] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
const { pictures, files, shards, out, seed } = JSON.parse(readFileSync(planFile, 'utf8'))
sharp.concurrency(1)
const open = files.map((f) => openSync(f, 'r'))
const pixelsOf = (p) => readPixels(open[p.decoded.file], p.decoded)
const textures = pictures.filter((p) => p.photo && !p.drawn && p.source !== 'fashion-mnist')

/** @param {number} image @param {number} number the sample's, over all shards */
async function sample(picture, number) {
  const random = generator(seed * 0x9e3779b1 + number * 0x85ebca6b)
  for (let i = 0; i < 3; i++) random()
  const p = pictures[picture]
  const texture = !p.photo ? textures[Math.floor(random() * textures.length)] : undefined
  const rgb = look(pixelsOf(p), { ...p, texture: texture && pixelsOf(texture) }, random)
  const raw = { raw: { width: SIZE, height: SIZE, channels: 3 } }
  const bytes = await sharp(Buffer.from(rgb.buffer), raw)
    .jpeg({ quality: 70 + Math.floor(random() * 25), chromaSubsampling: '4:4:4' })
    .toBuffer()
  const key = String(number).padStart(9, '0')
  return [
    { name: `${key}.jpg`, bytes },
    {
      name: `${key}.txt`,
      bytes: Buffer.from(spell(caption(p, random), p, generator(seed * 0xc2b2ae35 + number * 0x27d4eb2f))),
    },
  ]
}

for (let s = first; s < shards.length; s += step) {
  const from = shards.slice(0, s).reduce((sum, x) => sum + x.length, 0)
  const members = []
  for (let i = 0; i < shards[s].length; i += 8) {
    const part = shards[s].slice(i, i + 8)
    members.push(...(await Promise.all(part.map((picture, j) => sample(picture, from + i + j)))).flat())
  }
  writeTar(join(out, `train-${String(s).padStart(6, '0')}.tar`), members)
  process.send?.({ shard: s })
}
process.disconnect?.()
