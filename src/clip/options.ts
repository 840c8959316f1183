// Checks a caller's options: refuses unknown names and values of the wrong kind.

import { editDistance, excerpt, UsageError } from '../errors.ts'

/** A check of a value, and the expected values in words. */
export interface Rule {
  is(value: unknown): boolean
  expected: string
}

export const anything: Rule = { is: () => true, expected: 'anything' }

export const count: Rule = {
  is: (value) => Number.isInteger(value) && (value as number) >= 1,
  expected: 'a whole number of at least 1',
}

export const countOrNone: Rule = {
  is: (value) => value === 0 || count.is(value),
  expected: 'a whole number of at least 0',
}

export const positive: Rule = { is: (value) => typeof value === 'number' && value > 0, expected: 'a number above 0' }

export const trueOrFalse: Rule = { is: (value) => typeof value === 'boolean', expected: 'true or false' }

export const oneOf = (...choices: readonly string[]): Rule => ({
  is: (value) => choices.includes(value as string),
  expected: choices.map((choice) => `'${choice}'`).join(' or '),
})

export const listOf = (rule: Rule): Rule => ({
  is: (value) => Array.isArray(value) && value.length > 0 && value.every(rule.is),
  expected: `a list of ${rule.expected}`,
})

/**
 * @param of the function's name, for the message: `load`
 * @throws UsageError naming the option, what was found and what was expected; an undefined option is allowed
 */
export function checkOptions(given: unknown, rules: Readonly<Record<string, Rule>>, of: string): void {
  if (given === undefined) return
  if (typeof given !== 'object' || given === null) {
    throw new UsageError(`${of}: options should be an object; found ${shown(given)}`)
  }
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(rules, name) ? rules[name]! : undefined
    if (!rule) {
      const near = nearest(name, Object.keys(rules))
      const advice = near ? `; did you mean \`${near}\`?` : `; there are ${Object.keys(rules).join(', ')}`
      throw new UsageError(`${of} has no option '${name}'${advice}`)
    }
    if (value !== undefined && !rule.is(value)) {
      throw new UsageError(`${of}: \`${name}\` is ${shown(value)}; expected ${rule.expected}`, { option: name })
    }
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${excerpt(value)}'`
  if (Array.isArray(value)) return `[${excerpt(value.map(String).join(', '))}]`
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

/** The known name with the smallest edit distance, at most a third of its letters. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((other) => ({ other, changes: editDistance(name.toLowerCase(), other.toLowerCase()) }))
    .filter(({ other, changes }) => changes <= Math.max(1, other.length / 3))
    .sort((a, b) => a.changes - b.changes)
  return best?.other
}
