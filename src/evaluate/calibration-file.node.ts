// A calibration as a JSON file.

import { readFile } from 'node:fs/promises'
import { InputError } from '../errors.ts'
import type { Calibration } from './calibration.ts'

/** What each field has to be. */
const fields: Readonly<Record<string, (value: unknown) => boolean>> = {
  version: (value) => value === 1,
  model: (value) => typeof value === 'string',
  templates: isTexts,
  names: isTexts,
  temperature: (value) => Number.isFinite(value) && (value as number) > 0,
  threshold: (value) => Number.isFinite(value),
}

/** @throws InputError for a file that cannot be read, or is no calibration */
export async function readCalibration(file: string): Promise<Calibration> {
  const refuse = (why: string, cause?: unknown) =>
    new InputError(`${file}: ${why}; expected a file that writeCalibration, or evaluate calibrate, wrote`, { cause })
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw refuse(`cannot be read (${error.message})`, error)
  })
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (error) {
    throw refuse(`is not JSON (${(error as Error).message})`, error)
  }
  if (typeof found !== 'object' || found === null) throw refuse('is no object')
  for (const [name, fits] of Object.entries(fields)) {
    const value = (found as Record<string, unknown>)[name]
    if (!fits(value)) throw refuse(`"${name}" is ${value === undefined ? 'missing' : JSON.stringify(value)}`)
  }
  return found as Calibration
}

/** The text of the file. */
export const calibrationJson = (calibration: Calibration): string => `${JSON.stringify(calibration, null, 2)}\n`

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
