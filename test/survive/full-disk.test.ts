// Uses the build. No disk is filled: the shell's limit on file sizes simulates it, and needs no privileges.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { main, writeTinyRun } from './tiny-run.ts'

it.skipIf(process.platform === 'win32')(
  'a run without room to save reports it, keeps its last checkpoint, and can be resumed when there is room',
  { timeout: 120_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'typeclip-'))
    await writeTinyRun(folder)
    const train = (out: string, steps: number, limit = 'unlimited') => {
      const data = ['--data', join(folder, 'pairs.csv'), '--model', join(folder, 'tiny.json'), '--batch', '4']
      const run = [
        '--out',
        join(folder, out),
        '--save-every',
        '2',
        '--warmup',
        '0',
        '--schedule',
        'constant',
        '--resume',
      ]
      const argv = [main, 'train', ...data, ...run, '--steps', `${steps}`, '--threads', '1']
      const shell = ['-c', `ulimit -f ${limit}; exec "$@"`, 'sh', process.execPath, ...argv]
      const { status, stderr } = spawnSync('/bin/sh', shell, { encoding: 'utf8' })
      return { status, stderr }
    }
    const losses = (out: string) =>
      readFileSync(join(folder, out, 'results.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).loss)
    const checkpoints = () => readdirSync(join(folder, 'full', 'checkpoints'))

    expect(train('whole', 6).status).toBe(0)
    expect(train('full', 2).status).toBe(0)
    // Blocks of 512 or 1,024 bytes: the model of 3.6 MB fits, a checkpoint of 10.7 MB does not.
    const { status, stderr } = train('full', 6, '9000')
    expect(status).toBe(2)
    expect(stderr).toMatch(
      /full: a file of the run would exceed the allowed file size .*; the checkpoint after step 2 is as it was\. .*resume/,
    )
    expect(stderr).not.toContain('    at ')
    expect(checkpoints()).toEqual(['step-00000002.safetensors'])
    expect(train('full', 6).status).toBe(0)
    expect(losses('full')).toEqual(losses('whole'))
    const model = (out: string) => readFileSync(join(folder, out, 'open_clip_model.safetensors'))
    expect(model('full').equals(model('whole'))).toBe(true)
    rmSync(folder, { recursive: true })
  },
)
