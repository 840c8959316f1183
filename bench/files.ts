// JPEG files on disk to embeddings, images a second: typeclip and a PyTorch DataLoader with two workers, interleaved.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { load } from 'typeclip'
import { peerScript } from './peer.ts'
import { checkpoint, folder, python, rounds, threads } from './settings.ts'
import { fixed, median, ratio } from './statistics.ts'

const sets = [
  { name: '12-megapixel', width: 4000, height: 3000, count: 64 },
  { name: '500-pixel', width: 500, height: 375, count: 256 },
]

/** Images like photos: smooth colours with fine noise, at a camera's quality. */
async function makeFiles({ name, width, height, count }: (typeof sets)[number]): Promise<string[]> {
  const into = join(folder, name)
  mkdirSync(into, { recursive: true })
  for (let i = readdirSync(into).length; i < count; i++) {
    const noise = { type: 'gaussian' as const, mean: 60 + (i % 8) * 15, sigma: 12 }
    const grain = sharp({
      create: { width: Math.ceil(width / 4), height: Math.ceil(height / 4), channels: 3, background: '#000', noise },
    })
    await sharp(await grain.png().toBuffer())
      .resize(width, height)
      .jpeg({ quality: 90 })
      .toFile(join(into, `${`${i}`.padStart(3, '0')}.jpg`))
  }
  return readdirSync(into).map((file) => join(into, file))
}

export async function files(): Promise<void> {
  const clip = await load(checkpoint('ViT-B-32'), { activation: 'quickgelu', threads })
  for (const set of sets) {
    const paths = await makeFiles(set)
    const mine: number[] = []
    const theirs: number[] = []
    await clip.encodeImage(paths.slice(0, 16))
    for (let round = 0; round < Math.min(rounds, 5); round++) {
      const start = performance.now()
      await clip.encodeImage(paths)
      mine.push((paths.length / (performance.now() - start)) * 1e3)
      const args = [peerScript('files.py'), `${folder}/ViT-B-32.pt`, join(folder, set.name)]
      theirs.push(Number(execFileSync(python, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })))
    }
    console.log(
      `${set.name} JPEG files to embeddings, images/s: typeclip ${fixed(median(mine), 1)}, PyTorch DataLoader ${fixed(median(theirs), 1)} (${fixed(ratio(mine, theirs))}×)`,
    )
  }
  await clip.dispose()
}
