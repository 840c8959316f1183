// Ten steps of `typeclip train` on a full-size model and real images against PyTorch, if
// fixtures/make/full_size_training.py was run.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const folder = process.env.TYPECLIP_FULL_SIZE_TRAINING ?? ''
const command = fileURLToPath(new URL('../../app/dist/cli/main.js', import.meta.url))

it.skipIf(!existsSync(join(folder, 'losses.json')))(
  'trains a full-size model as PyTorch does (TYPECLIP_FULL_SIZE_TRAINING)',
  { timeout: 1_800_000 },
  () => {
    const { rate, batch, losses } = JSON.parse(readFileSync(join(folder, 'losses.json'), 'utf8'))
    const out = mkdtempSync(join(tmpdir(), 'typeclip-full-size-'))
    const flags = ['--no-shuffle', '--no-augment', '--schedule', 'constant', '--warmup', '0', '--save-every', '1000']
    execFileSync(
      process.execPath,
      [
        ...[command, 'train', '--data', join(folder, 'data.csv'), '--model', join(folder, 'model'), '--out', out],
        ...['--batch', `${batch}`, '--steps', `${losses.length}`, '--lr', `${rate}`, ...flags],
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
    const lines = readFileSync(join(out, 'results.jsonl'), 'utf8').trim().split('\n')
    const ours = lines.map((line) => JSON.parse(line).loss as number)
    rmSync(out, { recursive: true })
    const apart = ours.map((loss, i) => Math.abs(loss / losses[i] - 1))
    console.log(`losses apart by at most ${Math.max(...apart).toExponential(1)}, relative`)
    expect(ours).toHaveLength(losses.length)
    expect(Math.max(...apart)).toBeLessThan(1e-4)
  },
)
