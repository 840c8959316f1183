// A training step, float32: images a second and peak memory, ours and PyTorch's interleaved. Both run forward, backward and
// AdamW of the whole model; PyTorch computes all positions of a text, ours those up to the batch's longest.

import { setTimeout } from 'node:timers/promises'
import { gemmPeak } from './gemm.ts'
import { type Peer, peerScript, startPeer } from './peer.ts'
import { python, rounds, threads } from './settings.ts'
import { fixed, median, ratio } from './statistics.ts'

/** Milliseconds until the threads of the previous run stop spinning. */
const settle = 300

/** Both encoders for one image and one text of 14 positions, forward and backward (three times the forward's work), in GFLOP. */
const cases: { kind: string; batch: number; gflop: number }[] = [
  { kind: 'vit', batch: 32, gflop: 3 * (8.73 + 1.06) },
  { kind: 'small', batch: 128, gflop: 3 * (0.65 + 0.09) },
  { kind: 'rn50', batch: 16, gflop: 3 * (12.3 + 1.06) },
]

export async function training(): Promise<void> {
  const peak = await gemmPeak()
  for (const { kind, batch, gflop } of cases) {
    const start = (name: string, ...flags: string[]) =>
      startPeer(name, process.execPath, [peerScript('training.mjs'), kind, `${batch}`, `${threads}`, ...flags])
    const able = (
      await Promise.all([
        start('typeclip'),
        start('whole texts', 'whole-text'),
        startPeer('PyTorch', python, [peerScript('training.py'), kind, `${batch}`, `${threads}`]),
      ])
    ).filter((peer) => peer !== undefined)
    const times = new Map(able.map((peer) => [peer.name, [] as number[]]))
    const megabytes = new Map<string, number>()
    const peaks: number[] = []
    for (let round = -2; round < Math.min(rounds, 5); round++) {
      for (const peer of able) {
        await setTimeout(settle)
        const answer = await step(peer)
        megabytes.set(peer.name, answer.megabytes)
        if (round >= 0) times.get(peer.name)!.push(answer.ms)
      }
      await setTimeout(settle)
      if (round >= 0) peaks.push(await peak())
    }
    for (const peer of able) peer.stop()
    const mine = times.get('typeclip')!
    const memory = megabytes.get('typeclip')!
    const rate = (all: readonly number[]) => `${fixed((1000 * batch) / median(all), 1)} images/s`
    const columns = able.map(({ name }) => {
      const all = times.get(name)!
      const own = `${name} ${rate(all)}, ${megabytes.get(name)} MB`
      if (name === 'typeclip') return own
      return `${own} (ours ${fixed(ratio(all, mine))}× as fast, ${fixed(memory / megabytes.get(name)!)}× the memory)`
    })
    const share = (100 * batch * gflop * 1e3) / median(mine) / median(peaks)
    console.log(
      `training step, ${kind}, batch ${batch}: ${columns.join('; ')}; ${fixed(share, 0)} % of GEMM peak ${fixed(median(peaks), 0)} GFLOP/s`,
    )
  }
}

async function step(peer: Peer): Promise<{ ms: number; megabytes: number }> {
  return peer.ask({}) as Promise<{ ms: number; megabytes: number }>
}
