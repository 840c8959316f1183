// Whole commands from process start to end: this build and another one (TYPECLIP_BENCH_BEFORE), interleaved.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rounds } from './settings.ts'
import { fixed, median, ratio } from './statistics.ts'

const own = fileURLToPath(new URL('../../', import.meta.url))
/** A checkout of another commit, in which `npm ci` was run. */
const before = process.env.TYPECLIP_BENCH_BEFORE

const commands = {
  'typeclip --version': ['--version'],
  'typeclip tokenize "hello"': ['tokenize', 'hello'],
  'typeclip classify, one image': ['classify', join(own, 'app', 'golden', 'stripes.png'), '--labels', 'stripes,clouds'],
}

function milliseconds(checkout: string, argv: string[]): number {
  const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, [join(checkout, 'app', 'dist', 'cli', 'main.js'), ...argv], {
    env,
    encoding: 'utf8',
  })
  const took = performance.now() - start
  if (status !== 0) throw new Error(`${checkout}: typeclip ${argv.join(' ')} ended with ${status}: ${stderr}`)
  return took
}

export function startUp(): void {
  for (const [name, argv] of Object.entries(commands)) {
    const ours: number[] = []
    const theirs: number[] = []
    for (let round = -1; round < rounds; round++) {
      const [us, them] = [milliseconds(own, argv), before ? milliseconds(before, argv) : Number.NaN]
      if (round < 0) continue
      ours.push(us)
      theirs.push(them)
    }
    const figures = (of: number[]) => `${fixed(median(of), 0)} ms, at best ${fixed(Math.min(...of), 0)}`
    const compared = before ? `; before ${figures(theirs)} (${fixed(ratio(theirs, ours))}×)` : ''
    console.log(`${name}: ${figures(ours)}${compared}`)
  }
}
