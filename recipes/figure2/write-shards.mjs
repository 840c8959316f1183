/** A worker process: writes the shards that it is asked for, each sample a JPEG and its caption. */
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { readPixels } from '../starter/decode.mjs'
import { generator } from '../starter/random.mjs'
import { SIZE } from '../starter/sample.mjs'
import { writeTar } from '../starter/tar.mjs'
import { caption } from './captions.mjs'
import { look } from './look.mjs'

const [planFile, first, step] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
const { pictures, files, shards, out, seed } = JSON.parse(readFileSync(planFile, 'utf8'))
sharp.concurrency(1)
const open = files.map((f) => openSync(f, 'r'))

/** @param {number} image @param {number} number the sample's, over all shards */
async function sample(picture, number) {
  const random = generator(seed * 0x9e3779b1 + number * 0x85ebca6b)
  for (let i = 0; i < 3; i++) random()
  const p = pictures[picture]
  const rgb = look(readPixels(open[p.decoded.file], p.decoded), p, random)
  const raw = { raw: { width: SIZE, height: SIZE, channels: 3 } }
  const bytes = await sharp(Buffer.from(rgb.buffer), raw).jpeg({ quality: 90, chromaSubsampling: '4:4:4' }).toBuffer()
  const key = String(number).padStart(9, '0')
  return [
    { name: `${key}.jpg`, bytes },
    { name: `${key}.txt`, bytes: Buffer.from(caption(p, random)) },
  ]
}

const before = (s) => shards.slice(0, s).reduce((sum, { length }) => sum + length, 0)
for (let s = first; s < shards.length; s += step) {
  const members = []
  for (const [i, picture] of shards[s].entries()) members.push(...(await sample(picture, before(s) + i)))
  writeTar(join(out, `train-${String(s).padStart(6, '0')}.tar`), members)
}
process.disconnect?.()
