// The settings that decide a run's numbers, and its number of steps. They are stored in its checkpoints: a run resumes only with
// equal settings.

import { counted } from '../../data/counted.ts'
import { UsageError } from '../../errors.ts'
import type { Augmentation } from '../../image/augment.ts'
import type { AdamWOptions } from '../adamw.ts'
import type { Adaptation } from '../adaptation.ts'
import type { Schedule } from '../schedule.ts'

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
 * Settings that may change when a run resumes: its length, with a new schedule, and where the data is (its content is
 * compared by digest).
 */
const mayChange = new Set(['steps', 'warmup', 'data', 'samples'])

/** Settings that earlier versions did not record; a run without them may resume. */
const recordedLater = new Set(['dataDigest', 'valDigest', 'words'])

type Settings = Readonly<Record<string, unknown>>

/** A sentence for each setting that changed. */
export function changedSettings(before: Settings, now: Settings, except: ReadonlySet<string> = new Set()): string[] {
  return Object.keys(now)
    .filter((name) => !except.has(name) && !(recordedLater.has(name) && before[name] == null))
    .flatMap((name) => {
      if (JSON.stringify(before[name]) === JSON.stringify(now[name])) return []
      if (name === 'valDigest') return ['the validation data changed, so that scores could not be compared']
      return name === 'dataDigest' ? [dataChange(before, now)] : changes(name, before[name], now[name])
    })
}

function dataChange({ samples: had }: Settings, { samples: has }: Settings): string {
  return had === has
    ? `the data changed (${has} samples, but other names, captions or classes)`
    : `the data changed (it had ${had} samples and has ${has})`
}

/** What changed in a setting; of an object (`lora`), the fields that changed. */
function changes(name: string, before: unknown, now: unknown): string[] {
  if (JSON.stringify(before) === JSON.stringify(now)) return []
  if (isObject(before) && isObject(now)) {
    const fields = [...new Set([...Object.keys(before), ...Object.keys(now)])]
    return fields.flatMap((field) => changes(field, before[field], now[field]))
  }
  return [`\`${optionNames[name] ?? name}\` was ${JSON.stringify(before)} and is ${JSON.stringify(now)}`]
}

/** Options that are saved under another name. */
const optionNames: Readonly<Record<string, string>> = { lr: 'learningRate', frozen: 'freeze' }

const isObject = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @throws UsageError if settings other than those in `mayChange` changed */
export function checkSettings(before: Settings, now: Settings, out: string): void {
  const list = changedSettings(before, now, mayChange)
  if (list.length === 0) return
  const advice = list.some((change) => change.startsWith('the data changed'))
    ? `. To learn from other data, start a new run with ${out} as its \`model\``
    : ''
  throw new UsageError(
    `${out}: the run in this folder had other settings: ${list.join('; ')}. Give the same ones, or choose another folder${advice}`,
  )
}
