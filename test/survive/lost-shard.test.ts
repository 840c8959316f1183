// A shard that becomes unreadable during a run.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openSource } from '../../src/data/open.node.ts'
import { openInitialModel } from '../../src/training/initial-model.node.ts'
import { type TrainEvent, train } from '../../src/training/train.node.ts'
import { picture, tarArchive } from '../shards.ts'
import { writeTinyRun } from './tiny-run.ts'

it('a run names a lost shard, and continues with the others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'typeclip-'))
  await writeTinyRun(folder)
  for (const shard of [0, 1, 2]) {
    const members: Record<string, Uint8Array | string> = {}
    for (let i = 0; i < 8; i++) {
      members[`${shard}-${i}.png`] = await picture(shard * 8 + i)
      members[`${shard}-${i}.txt`] = `number ${shard * 8 + i}`
    }
    writeFileSync(join(folder, `s-${shard}.tar`), tarArchive(members))
  }
  const events: TrainEvent[] = []
  const options = {
    model: await openInitialModel(join(folder, 'tiny.json')),
    data: await openSource(join(folder, 's-{0..2}.tar')),
    out: join(folder, 'run'),
  }
  for await (const event of train({ ...options, batch: 4, steps: 30, saveEvery: 100, threads: 1 })) {
    events.push(event)
    if (event.kind === 'step' && event.step === 1) rmSync(join(folder, 's-1.tar'))
  }
  const skipped = events.flatMap((event) => (event.kind === 'skipped' ? [event] : []))
  expect(skipped.length).toBeGreaterThan(0)
  for (const { key, reason } of skipped) {
    expect(key).toContain('s-1.tar')
    expect(reason).toMatch(/cannot be (opened|read)/)
  }
  expect(events.at(-1)).toMatchObject({ kind: 'end', step: 30, reason: 'finished' })
  rmSync(folder, { recursive: true })
})
