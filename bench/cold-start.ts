// From process start to the first embedding, and peak memory: whole processes, interleaved.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { peerScript } from './peer.ts'
import { checkpoint, folder, python, rounds } from './settings.ts'
import { fixed, median, ratio } from './statistics.ts'

const ours = fileURLToPath(new URL('../peers/cold-start.mjs', import.meta.url))

function run(command: string, args: string[]): { seconds: number; megabytes: number } {
  const start = performance.now()
  const megabytes = Number(execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  return { seconds: (performance.now() - start) / 1e3, megabytes }
}

export function coldStart(): void {
  const file = checkpoint('ViT-B-32')
  for (const what of ['image', 'text', 'both']) {
    const mine: ReturnType<typeof run>[] = []
    const theirs: ReturnType<typeof run>[] = []
    for (let round = -1; round < Math.min(rounds, 5); round++) {
      const [us, them] = [
        run(process.execPath, [ours, file, what]),
        run(python, [peerScript('cold_start.py'), `${folder}/ViT-B-32.pt`, what]),
      ]
      if (round < 0) continue
      mine.push(us)
      theirs.push(them)
    }
    const seconds = (of: typeof mine) => of.map((one) => one.seconds)
    const memory = (of: typeof mine) => median(of.map((one) => one.megabytes))
    const name = what === 'both' ? 'both encoders, batches of 32' : `first ${what} embedding`
    console.log(
      `cold start to ${name}: typeclip ${fixed(median(seconds(mine)))} s, PyTorch ${fixed(median(seconds(theirs)))} s ` +
        `(1/${fixed(ratio(seconds(theirs), seconds(mine)), 1)}); memory ${memory(mine)} MB and ${memory(theirs)} MB (${fixed(memory(mine) / memory(theirs))}×)`,
    )
  }
}
