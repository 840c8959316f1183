// A calibration as a JSON file.

import { InputError } from '../errors.ts'
import { readJson } from '../files/json.node.ts'
import { jsonText } from '../files/json-text.ts'
import type { Calibration } from './calibration-record.ts'

/** A check for each field. */
const fields: Readonly<Record<string, (value: unknown) => boolean>> = {
  version: (value) => value === 1,
  model: (value) => typeof value === 'string',
  templates: isTexts,
  names: isTexts,
  temperature: (value) => Number.isFinite(value) && (value as number) > 0,
  threshold: (value) => Number.isFinite(value),
}

/** @throws InputError for a file that cannot be read or is not a calibration */
export async function readCalibration(file: string): Promise<Calibration> {
  const refuse = (why: string, cause?: unknown) =>
    new InputError(`${file}: ${why}; expected a file that writeCalibration, or evaluate calibrate, wrote`, { cause })
  const json = await readJson(file, refuse)
  if (typeof json !== 'object' || json === null) throw refuse('is not an object')
  for (const [name, fits] of Object.entries(fields)) {
    const value = (json as Record<string, unknown>)[name]
    if (!fits(value)) throw refuse(`"${name}" is ${value === undefined ? 'missing' : JSON.stringify(value)}`)
  }
  return json as Calibration
}

/** The content of the file. */
export const calibrationJson = (calibration: Calibration): string => jsonText(calibration)

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
