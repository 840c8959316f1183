// Logistic regression on 50,000 × 512 features against scikit-learn, with OpenAI's settings: each at its own tolerance, with
// the loss that it ends at, since the two do not stop equally near to the minimum.

import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { logisticRegressor } from 'typeclip/evaluate'
import { createRuntime } from 'typeclip/graph'
import { peerScript } from './peer.ts'
import { python, rounds, threads } from './settings.ts'
import { fixed, median, ratio } from './statistics.ts'

const [n, width, classes, C] = [50_000, 512, 10, 0.316]

/** Fits, and says how long that took, the loss at its end, and how many of the examples it is right about. */
type Fit = () => Promise<{ ms: number; loss: number; steps: number; accuracy: number }>

export async function linearProbe(): Promise<void> {
  const data = clouds()
  const folder = await mkdtemp(join(tmpdir(), 'typeclip-bench-'))
  const child = spawn(python, [peerScript('linear_probe.py'), `${threads}`], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const files = { features: join(folder, 'features'), labels: join(folder, 'labels') }
    await writeFile(files.features, new Uint8Array(data.features.data.buffer))
    await writeFile(files.labels, new Uint8Array(data.labels.buffer))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    await lines.next()
    const theirs: Fit = async () => {
      child.stdin.write(`${JSON.stringify({ ...files, width, classes, C })}\n`)
      return JSON.parse((await lines.next()).value ?? '{}')
    }
    const ours: Fit = async () => {
      const start = performance.now()
      const regressor = await logisticRegressor(createRuntime({ threads }), data)
      const { loss, steps, weights, bias } = await regressor.fit(C)
      await regressor.dispose()
      const ms = performance.now() - start
      return { ms, loss, steps, accuracy: accuracy(weights, bias) }
    }
    const accuracy = (weights: Float32Array, bias: Float32Array) => {
      let right = 0
      for (let i = 0; i < n; i++) {
        const row = data.features.data.subarray(i * width, (i + 1) * width)
        const z = bias.map((b, c) => row.reduce((sum, x, k) => sum + x * weights[c * width + k]!, b))
        if (z.indexOf(Math.max(...z)) === data.labels[i]) right++
      }
      return right / n
    }
    const found = { ours: [] as number[], theirs: [] as number[] }
    for (let round = 0; round < Math.min(rounds, 3); round++) {
      const [us, them] = [await ours(), await theirs()]
      found.ours.push(us.ms)
      found.theirs.push(them.ms)
      console.log(`  typeclip ${shown(us)}; scikit-learn ${shown(them)}`)
    }
    console.log(
      `linear probe, ${n} × ${width}, ${classes} classes: ${fixed(median(found.ours) / 1e3)} s, scikit-learn ${fixed(median(found.theirs) / 1e3)} s: ${fixed(ratio(found.theirs, found.ours))} ×`,
    )
  } finally {
    child.kill()
    await rm(folder, { recursive: true })
  }
}

const shown = ({ ms, loss, steps, accuracy }: Awaited<ReturnType<Fit>>): string =>
  `${fixed(ms / 1e3)} s, ${steps} steps, loss ${fixed(loss, 1)}, ${fixed(100 * accuracy)} % right`

/** Overlapping classes in columns of very different spread, two of them far from zero, as CLIP's embeddings are. */
function clouds() {
  let state = 1
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  const centres = Float32Array.from({ length: classes * width }, () => 0.12 * normal())
  const labels = Int32Array.from({ length: n }, () => Math.floor(uniform() * classes))
  const features = Float32Array.from({ length: n * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width]
    const spread = 2 * (column + 1) ** -0.5
    return spread * (centres[labels[row]! * width + column]! + normal()) + (column === 133 ? 5 : column === 7 ? -3 : 0)
  })
  return { features: { data: features, shape: [n, width] as [number, number] }, labels, classes }
}
