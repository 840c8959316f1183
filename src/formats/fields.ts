// Reads a configuration file field by field: each with its default, and a sentence for what does not fit.

import { CheckpointError } from '../errors.ts'

/** An object of a config file. */
export type Json = Record<string, unknown>

export interface Fields {
  /** The file and the path inside it, for messages. */
  readonly where: string
  readonly json: Readonly<Json>
  integer(name: string, otherwise?: number): number
  number(name: string, otherwise?: number): number
  boolean(name: string, otherwise: boolean): boolean
  text(name: string, otherwise?: string): string
  /** One number, or a pair of equal ones. */
  square(name: string, otherwise: number): number
  /** A number of blocks, or the four stages of a ResNet. */
  layers(name: string, otherwise: number): number | readonly [number, number, number, number]
  /** Three numbers: one for each colour. */
  triple(name: string, otherwise: readonly [number, number, number]): readonly [number, number, number]
  /** One of the table's keys; its value is returned. */
  choice<T extends string>(name: string, table: Readonly<Record<string, T>>, otherwise: string): T
  object(name: string): Fields
  optional(name: string): Fields | undefined
  /** Throws where a field asks for something other than the value under which it changes nothing. */
  refuse(neutral: Readonly<Record<string, unknown>>): void
  /** Throws for a field that is not in the list: nobody knows what it changes. Null asks for nothing. */
  allow(known: Iterable<string>): void
}

export function fieldsOf(json: unknown, where: string): Fields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new CheckpointError(`${where}: expected an object of settings, found ${JSON.stringify(json)}`)
  }
  const settings = json as Json

  function wrong(name: string, expected: string): never {
    const found = name in settings ? `found ${JSON.stringify(settings[name])}` : 'it is missing'
    throw new CheckpointError(`${where}: field ${name} must be ${expected}; ${found}`)
  }
  function read<T>(name: string, expected: string, fits: (value: unknown) => value is T, otherwise?: T): T {
    const value = settings[name] ?? otherwise
    return fits(value) ? value : wrong(name, expected)
  }
  const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
  const isText = (value: unknown): value is string => typeof value === 'string'

  return {
    where,
    json: settings,
    integer: (name, otherwise) => read(name, 'a whole number', isCount, otherwise),
    number: (name, otherwise) => read(name, 'a number', isNumber, otherwise),
    boolean: (name, otherwise) => read(name, 'true or false', (v) => typeof v === 'boolean', otherwise),
    text: (name, otherwise) => read(name, 'text', isText, otherwise),
    square(name, otherwise) {
      const value = settings[name] ?? otherwise
      const [height, width] = Array.isArray(value) ? value : [value, value]
      return isCount(height) && height > 0 && height === width ? height : wrong(name, 'one size, or two equal ones')
    },
    layers(name, otherwise) {
      const value = settings[name] ?? otherwise
      if (isCount(value)) return value
      const isStages = Array.isArray(value) && value.length === 4 && value.every(isCount)
      return isStages ? (value as [number, number, number, number]) : wrong(name, 'a whole number, or four')
    },
    triple(name, otherwise) {
      const value = settings[name] ?? otherwise
      const fits = Array.isArray(value) && value.length === 3 && value.every(isNumber)
      return fits ? (value as [number, number, number]) : wrong(name, 'three numbers')
    },
    choice(name, table, otherwise) {
      const value = settings[name] ?? otherwise
      if (isText(value) && Object.hasOwn(table, value)) return table[value]!
      return wrong(name, `one of those that typeclip builds (${Object.keys(table).join(', ')})`)
    },
    object: (name) => fieldsOf(settings[name], `${where}: ${name}`),
    optional: (name) => (settings[name] == null ? undefined : fieldsOf(settings[name], `${where}: ${name}`)),
    refuse(neutral) {
      for (const [name, value] of Object.entries(neutral)) {
        const found = settings[name] ?? value
        if (found !== value) {
          throw new CheckpointError(
            `${where}: field ${name} asks for ${JSON.stringify(found)}, which typeclip does not build (only ${JSON.stringify(value)})`,
          )
        }
      }
    },
    allow(known) {
      const names = new Set(known)
      for (const [name, value] of Object.entries(settings)) {
        if (names.has(name) || value === null) continue
        const text = JSON.stringify(value)
        throw new CheckpointError(
          `${where}: field ${name} (${text.length > 60 ? `${text.slice(0, 60)}…` : text}) is not one that typeclip knows, and it may change what the model computes`,
        )
      }
    },
  }
}

/** Names written one after another. */
export const fieldNames = (list: string): readonly string[] => list.trim().split(/\s+/)

/** Leaves out settings that have the project's default. */
export const withoutDefaults = (settings: Json, defaults: Json): Json =>
  Object.fromEntries(Object.entries(settings).filter(([name, value]) => value !== defaults[name]))
