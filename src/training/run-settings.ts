// The settings that decide a run's numbers, and its number of steps. They are stored in its checkpoints: a run resumes only with
// equal settings.

import { UsageError } from '../errors.ts'
import type { Augmentation } from '../image/augment.ts'
import type { AdamWOptions } from './adamw.ts'
import type { Adaptation } from './adaptation.ts'
import type { Schedule } from './schedule.ts'

export type Plan = Schedule & { steps: number }

interface Options {
  data: { name: string; size: number }
  steps?: number | undefined
  epochs?: number | undefined
  learningRate?: number | undefined
  schedule?: Schedule['kind'] | undefined
  warmup?: number | undefined
  seed?: number | undefined
  shuffle?: boolean | undefined
  augment?: Augmentation | false | undefined
  chunk?: number | undefined
  clipGradient?: number | undefined
}

/** @throws UsageError if the data do not fill a batch, or the warm-up is longer than the run */
export function planOf(options: Options, batch: number): Plan {
  const { data, learningRate = 5e-4, schedule = 'cosine' } = options
  const stepsPerEpoch = Math.floor(data.size / batch)
  if (stepsPerEpoch === 0) {
    throw new UsageError(
      `${data.name}: ${data.size} samples do not fill a batch of ${batch}; choose a smaller \`batch\``,
      { option: 'batch' },
    )
  }
  const steps = options.steps ?? (options.epochs ?? 1) * stepsPerEpoch
  const warmup = options.warmup ?? Math.min(2000, Math.floor(steps / 10))
  if (warmup > steps)
    throw new UsageError(`\`warmup\` is ${warmup} steps, more than the ${steps} of the run`, { option: 'warmup' })
  return { kind: schedule, learningRate, warmup, steps }
}

export function settingsOf(
  options: Options,
  { name, settings }: Adaptation,
  optimizer: AdamWOptions,
  batch: number,
  plan: Plan,
): Record<string, unknown> {
  const { seed = 0, shuffle = true, augment = {}, chunk, clipGradient } = options
  return {
    data: options.data.name,
    samples: options.data.size,
    objective: name,
    ...settings,
    batch,
    chunk: chunk ?? null,
    steps: plan.steps,
    lr: plan.learningRate,
    schedule: plan.kind,
    warmup: plan.warmup,
    ...optimizer,
    clipGradient: clipGradient ?? null,
    shuffle,
    augment,
    seed,
  }
}

/** A longer or shorter run than was asked for first is allowed, with the new one's schedule; and data that have grown. */
const mayChange = new Set(['steps', 'warmup', 'data', 'samples'])

/** @throws UsageError where a run's other settings are not what they were */
export function checkSettings(before: Record<string, unknown>, now: Record<string, unknown>, out: string): void {
  const names = Object.keys(now).filter((name) => !mayChange.has(name))
  const only = (settings: Record<string, unknown>) => Object.fromEntries(names.map((name) => [name, settings[name]]))
  const list = differences(only(before), only(now))
  if (list.length === 0) return
  throw new UsageError(
    `${out}: the run in this folder had other settings: ${list.join('; ')}. Give the same ones, or choose another folder`,
  )
}

/** Settings that differ, by the names of their options; of an object (`lora`), those inside it. */
function differences(before: Record<string, unknown>, now: Record<string, unknown>): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)])
  return [...names].flatMap((name) => {
    const [old, given] = [before[name], now[name]]
    if (JSON.stringify(old) === JSON.stringify(given)) return []
    if (isObject(old) && isObject(given)) return differences(old, given)
    const option = name === 'lr' ? 'learningRate' : name
    return [`\`${option}\` was ${JSON.stringify(old)} and is ${JSON.stringify(given)}`]
  })
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
