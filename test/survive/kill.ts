// Kills training runs at random moments with SIGKILL and resumes them, until they end; the numbers must be those of an
// uninterrupted run.

import { spawn } from 'node:child_process'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom } from '../../src/random.ts'
import { main, writeTinyRun } from './tiny-run.ts'

export interface Survived {
  kills: number
  /** Kills of a process that had taken a step. */
  whileTraining: number
  /** Runs that were killed, resumed and finished. */
  runs: number
  /** Lines that differ between the logs; empty if the test passes. */
  differences: string[]
}

/**
 * @param kills how often a process is killed, over as many runs as needed
 * @param wait the longest time before a kill, in milliseconds
 */
export async function survive({
  kills,
  steps,
  wait,
  seed = 0,
}: {
  kills: number
  steps: number
  wait: number
  seed?: number
}): Promise<Survived> {
  const folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
  await writeTinyRun(folder)
  const unbroken = join(folder, 'unbroken')
  const start = (out: string) => {
    const flags = ['--data', join(folder, 'pairs.csv'), '--model', join(folder, 'tiny.json'), '--out', out, '--resume']
    const more = ['--batch', '4', '--steps', `${steps}`, '--save-every', '5', '--warmup', '2', '--threads', '1']
    const child = spawn(process.execPath, [main, 'train', ...flags, ...more], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (chunk) => {
      said += chunk
    })
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => (code === null || code === 0 ? resolve(code) : reject(new Error(said))))
    })
    return { child, ended }
  }
  const logged = async (out: string) =>
    (await readFile(join(out, 'results.jsonl'), 'utf8').catch(() => '')).split('\n').slice(0, -1)
  const numbers = (line: string) => {
    const { imagesPerSecond, seconds, ...rest } = JSON.parse(line)
    return JSON.stringify(rest)
  }

  await start(unbroken).ended
  const expected = await logged(unbroken)
  const random = createRandom('kill', seed)
  const read = (line: string | undefined) => (line === undefined ? 'nothing' : numbers(line))
  const result: Survived = { kills: 0, whileTraining: 0, runs: 0, differences: [] }
  while (result.kills < kills) {
    const out = join(folder, `killed-${++result.runs}`)
    for (let ended = false; !ended; ) {
      const at = (await logged(out)).length
      const run = start(out)
      const timer =
        result.kills < kills ? setTimeout(() => run.child.kill('SIGKILL'), random.uniform(0, wait)) : undefined
      ended = (await run.ended) === 0
      clearTimeout(timer)
      if (ended) continue
      result.kills++
      if ((await logged(out)).length > at) result.whileTraining++
    }
    const found = await logged(out)
    for (let i = 0; i < Math.max(steps, found.length); i++) {
      if (expected[i] !== undefined && read(expected[i]) === read(found[i])) continue
      result.differences.push(`run ${result.runs}: ${read(expected[i])}\n${read(found[i])}`)
    }
  }
  return result
}
