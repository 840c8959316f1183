// A LoRA step on ViT-B/32, float32, as in `finetune --method lora`: q, k, v of both encoders, rank 2, cross-entropy over
// ten classes' prompts, AdamW over the adapters. Ours and PEFT's interleaved, with prompts of our length and, as in
// CLIP-LoRA, of the whole context.

import { setTimeout } from 'node:timers/promises'
import { peerScript, startPeer } from './peer.ts'
import { python, rounds, threads } from './settings.ts'
import { fixed, median, ratio } from './statistics.ts'

/** Milliseconds until the threads of the previous run stop spinning. */
const settle = 300
const [batch, classes, length, context] = [32, 10, 9, 77]

export async function lora(): Promise<void> {
  const theirs = (name: string, length: number) =>
    startPeer(name, python, [peerScript('lora.py'), ...[batch, threads, classes, length].map(String)])
  const ours = [peerScript('lora.mjs'), ...[batch, threads, classes].map(String)]
  const able = (
    await Promise.all([
      startPeer('typeclip', process.execPath, ours),
      theirs('PEFT', length),
      theirs('PEFT, whole texts', context),
    ])
  ).filter((peer) => peer !== undefined)
  const times = new Map(able.map(({ name }) => [name, [] as number[]]))
  const megabytes = new Map<string, number>()
  for (let round = -1; round < Math.min(rounds, 5); round++) {
    for (const { name, ask } of able) {
      await setTimeout(settle)
      const answer = (await ask({})) as { ms: number; megabytes: number }
      megabytes.set(name, answer.megabytes)
      if (round >= 0) times.get(name)!.push(answer.ms)
    }
  }
  for (const peer of able) peer.stop()
  const mine = times.get('typeclip')!
  for (const [name, all] of times) {
    const speed = `${fixed((1000 * batch) / median(all), 1)} images/s, ${megabytes.get(name)} MB`
    const against = `ours ${fixed(ratio(all, mine))}× as fast, ${fixed(megabytes.get('typeclip')! / megabytes.get(name)!)}× the memory`
    console.log(`LoRA step, ViT-B/32, batch ${batch}: ${name} ${speed}${name === 'typeclip' ? '' : ` (${against})`}`)
  }
}
