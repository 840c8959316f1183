// How a training run is shown: each event as a line of JSON, or one changing line and a lasting line from time to time.

import type { LoggedStep, TrainEvent } from 'typeclip/training'
import { counted, grouped, percent } from '../shell/counted.ts'
import type { Terminal } from '../shell/terminal.ts'
import { duration, withoutName } from './job.ts'

/** Milliseconds between lasting lines; longer where the changing line shows the rest. */
const every = { watched: 60_000, unwatched: 10_000 } as const
const redrawEvery = 100
/** Skipped samples to name; further ones are counted. */
const named = 20

export interface TrainingView {
  show(event: TrainEvent): Promise<void>
  /** How many samples could not be used, each counted once. */
  skipped(): number
}

export function createTrainingView(terminal: Terminal, json: boolean): TrainingView {
  const pause = terminal.watched ? every.watched : every.unwatched
  const width = terminal.watched ? terminal.columns - 1 : Infinity
  let first: { step: number; time: number } | undefined
  let [drawn, lasting, skipped] = [0, 0, 0]
  /** Each epoch meets them again. */
  const known = new Set<string>()

  /** Estimated from this session, including checkpoints and validation. */
  function left({ step, steps }: { step: number; steps: number }, now: number): string {
    if (!first || step === first.step || step === steps) return ''
    return `${duration((((now - first.time) / (step - first.step)) * (steps - step)) / 1000)} left`
  }

  const shown: {
    [Kind in Exclude<TrainEvent['kind'], 'notice'>]: (event: Extract<TrainEvent, { kind: Kind }>) => Promise<void>
  } = {
    async start({ step, steps, batch, parameters, samples, resumed }) {
      const epoch = Math.floor(samples / batch)
      if (terminal.quiet) return
      await terminal.print(
        `${counted(samples, 'sample')}; ${counted(steps, 'step')} of ${grouped(batch)}, ${grouped(epoch)} an epoch; ${short(parameters)} parameters to train`,
      )
      if (resumed)
        await terminal.print(step >= steps ? `finished before, at step ${step}` : `continuing after step ${step}`)
      terminal.status('preparing')
    },
    async step(event) {
      const now = performance.now()
      first ??= { step: event.step, time: now }
      const last = event.step === event.steps
      if (now - drawn >= redrawEvery || last) {
        drawn = now
        terminal.status(stepLine(event, left(event, now), width))
      }
      if (!terminal.quiet && (lasting === 0 || now - lasting >= pause || last)) {
        lasting = now
        await terminal.print(stepLine(event, left(event, now), width))
      }
    },
    async skipped({ key, reason }) {
      skipped++
      if (skipped <= named) terminal.error(`${key} is skipped: ${withoutName(reason, key)}`)
      if (skipped === named) terminal.error('further samples that cannot be used are counted, not named')
    },
    async validation({ step, best, numbers }) {
      const list = Object.entries(numbers).map(([name, value]) => `${name} ${written(name, value)}`)
      await terminal.print(`step ${grouped(step)}  validation: ${list.join(' · ')}${best ? '  (best so far)' : ''}`)
    },
    async saved() {},
    async end({ step, reason }) {
      terminal.status(undefined)
      if (skipped > 0) terminal.error(`${counted(skipped, 'sample')} could not be used`)
      if (reason === 'interrupted') terminal.note(`stopped after step ${step} and saved; continue with --resume`)
      if (reason === 'stopped') await terminal.print(`no improvement for a while: ended after step ${step}`)
    },
  }

  return {
    async show(event) {
      if (event.kind === 'notice') return terminal.note(event.message)
      const again = event.kind === 'skipped' && known.has(event.key)
      if (event.kind === 'skipped') known.add(event.key)
      if (json) await terminal.print(JSON.stringify(event))
      else if (!again) await shown[event.kind](event as never)
    },
    skipped: () => known.size,
  }
}

/**
 * `step 120 of 1,000 · loss 3.214 · accuracy 12.5 % · rate 4.9e-4 · temperature 0.0691 · 215 images/s · 3 min left`
 *
 * @param width where that is longer, the temperature, the rate, the speed and the accuracy are left out, in this order
 */
export function stepLine(line: LoggedStep & { steps: number }, left: string, width = Infinity): string {
  const { step, steps, loss, accuracy, lr, logitScale, imagesPerSecond } = line
  const parts = [
    `step ${grouped(step)} of ${grouped(steps)}`,
    `loss ${loss.toFixed(3)}`,
    accuracy === undefined ? '' : `accuracy ${percent(accuracy)}`,
    `rate ${Number(lr.toPrecision(3))}`,
    logitScale === undefined ? '' : `temperature ${(1 / logitScale).toFixed(4)}`,
    `${imagesPerSecond < 10 ? imagesPerSecond.toFixed(1) : grouped(Math.round(imagesPerSecond))} images/s`,
    left,
  ]
  for (const index of [4, 3, 5, 2]) {
    if (joined(parts).length <= width) break
    parts[index] = ''
  }
  return joined(parts)
}

const joined = (parts: readonly string[]): string => parts.filter((part) => part !== '').join(' · ')
const written = (name: string, value: number): string => (name === 'loss' ? value.toFixed(3) : percent(value))

/** `3.2 M`, `410 k`. */
const short = (count: number): string =>
  count >= 1e6 ? `${(count / 1e6).toFixed(1)} M` : count >= 1e3 ? `${Math.round(count / 1e3)} k` : `${count}`
