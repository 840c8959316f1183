// A run for TensorBoard: an event file beside the logs. It is rewritten from their lines when a run resumes, so that it has
// no steps that are computed again.

import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encode, type Message, messageType } from '../../graph/protobuf.ts'
import { crc32c } from './crc32c.ts'
import { type LoggedStep, type LoggedValidation, parseLines } from './lines.ts'

export interface EventFile {
  step(line: LoggedStep): Promise<void>
  validation(line: LoggedValidation): Promise<void>
}

/** TensorBoard's names for the numbers of a step. */
const tags = {
  loss: 'train/loss',
  accuracy: 'train/accuracy',
  lr: 'train/learning_rate',
  logitScale: 'train/logit_scale',
  gradientNorm: 'train/gradient_norm',
  imagesPerSecond: 'train/images_per_second',
} as const satisfies Partial<Record<keyof LoggedStep, string>>

/**
 * Writes the lines of a run's logs to a new event file in `tensorboard/`, and appends to it. Times count only the time spent
 * on steps, so that pauses between sessions do not show.
 */
export async function openEventFile(out: string): Promise<EventFile> {
  const folder = join(out, 'tensorboard')
  await mkdir(folder, { recursive: true })
  const steps = parseLines<LoggedStep>(await readFile(join(out, 'results.jsonl'), 'utf8').catch(() => ''))
  const validations = parseLines<LoggedValidation>(
    await readFile(join(out, 'validation.jsonl'), 'utf8').catch(() => ''),
  )
  for (const name of await readdir(folder)) if (isOurs(name)) await rm(join(folder, name))

  const now = Date.now() / 1000
  const began = now - (steps.at(-1)?.seconds ?? 0)
  let seconds = 0
  const ofStep = (line: LoggedStep): Uint8Array => {
    seconds = line.seconds
    const numbers = Object.entries(tags).map(([name, tag]) => [tag, line[name as keyof typeof tags]] as const)
    return record(event(began + seconds, { step: line.step, numbers }))
  }
  const ofValidation = ({ step, numbers }: LoggedValidation): Uint8Array =>
    record(
      event(began + seconds, {
        step,
        numbers: Object.entries(numbers).map(([name, value]) => [`validation/${name}`, value]),
      }),
    )

  const records = [record(Event({ wallTime: { double: began }, fileVersion: 'brain.Event:2' }))]
  let next = 0
  for (const line of steps) {
    while (next < validations.length && validations[next]!.step < line.step) {
      records.push(ofValidation(validations[next++]!))
    }
    records.push(ofStep(line))
  }
  records.push(...validations.slice(next).map(ofValidation))
  const path = join(folder, `events.out.tfevents.${Math.floor(now)}.typeclip`)
  await writeFile(path, Buffer.concat(records))
  return {
    step: (line) => appendFile(path, ofStep(line)),
    validation: (line) => appendFile(path, ofValidation(line)),
  }
}

const isOurs = (name: string): boolean => /^events\.out\.tfevents\.\d+\.typeclip$/.test(name)

interface Scalars {
  step: number
  numbers: readonly (readonly [tag: string, value: number | undefined])[]
}

// TensorFlow's event.proto and summary.proto, as far as scalars need them.
const Event = messageType({ wallTime: 1, step: 2, fileVersion: 3, summary: 5 })
const Summary = messageType({ value: 1 })
const SummaryValue = messageType({ tag: 1, simpleValue: 2 })

function event(time: number, { step, numbers }: Scalars): Message {
  const value = numbers.flatMap(([tag, number]) =>
    number === undefined ? [] : [SummaryValue({ tag, simpleValue: { float: number } })],
  )
  return Event({ wallTime: { double: time }, step, summary: Summary({ value }) })
}

/** A TFRecord: the length, its checksum, the message, its checksum. */
function record(body: Message): Uint8Array {
  const data = encode(body)
  const frame = new Uint8Array(8 + 4 + data.length + 4)
  const view = new DataView(frame.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, masked(crc32c(frame.subarray(0, 8))), true)
  frame.set(data, 12)
  view.setUint32(12 + data.length, masked(crc32c(data)), true)
  return frame
}

/** TFRecord rotates and shifts checksums, so that data that contains checksums can be checksummed too. */
export const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
