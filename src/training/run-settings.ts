// The settings that decide a run's numbers, and its number of steps. They are stored in its checkpoints: a run resumes only with
// equal settings.

import { counted } from '../data/counted.ts'
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
      `${data.name}: ${counted(data.size, 'sample')} ${data.size === 1 ? 'does' : 'do'} not fill a batch of ${batch}; choose a smaller \`batch\``,
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
  dataDigest: string | undefined,
): Record<string, unknown> {
  const { seed = 0, shuffle = true, augment = {}, chunk, clipGradient } = options
  return {
    data: options.data.name,
    samples: options.data.size,
    dataDigest: dataDigest ?? null,
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

/**
 * A longer or shorter run than was asked for first is allowed, with the new one's schedule. The data may be somewhere else;
 * what it holds is compared by its digest.
 */
const mayChange = new Set(['steps', 'warmup', 'data', 'samples'])

/** Settings that runs of earlier versions did not write down; where they are missing, anything goes with them. */
const recordedLater = new Set(['dataDigest', 'valDigest', 'words'])

/** Names of the settings that are not what they were. */
export function changedSettings(before: Record<string, unknown>, now: Record<string, unknown>): string[] {
  const differs = (name: string) => JSON.stringify(before[name]) !== JSON.stringify(now[name])
  return Object.keys(now).filter((name) => differs(name) && !(recordedLater.has(name) && before[name] == null))
}

/** A setting that changed, in words. */
export function described(name: string, before: Record<string, unknown>, now: Record<string, unknown>): string {
  if (name === 'valDigest') return 'the validation data changed, so that scores could not be compared'
  if (name !== 'dataDigest') return `${name} was ${JSON.stringify(before[name])} and is ${JSON.stringify(now[name])}`
  const [had, has] = [before.samples, now.samples]
  const how =
    had === has ? `${has} samples, but other names, captions or classes` : `it had ${had} samples and has ${has}`
  return `the data changed (${how})`
}

/** @throws UsageError where a run's other settings are not what they were */
export function checkSettings(before: Record<string, unknown>, now: Record<string, unknown>, out: string): void {
  const changed = changedSettings(before, now).filter((name) => !mayChange.has(name))
  if (changed.length === 0) return
  const list = changed.map((name) => described(name, before, now))
  const advice = changed.includes('dataDigest')
    ? `. To learn from other data, begin a new run with ${out} as its \`model\``
    : ''
  throw new UsageError(
    `${out}: the run in this folder had other settings: ${list.join('; ')}. Give the same ones, or choose another folder${advice}`,
  )
}
