// "Did you mean …?", for a mistyped command or flag.

import { editDistance } from 'typeclip/errors'

/** A question to append to a message; empty if no name is near. */
export function suggestion(typed: string, known: readonly string[]): string {
  const [nearest] = known
    .map((name) => ({ name, distance: name.startsWith(typed) ? 0 : editDistance(typed, name) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance)
  return nearest ? `; did you mean ${nearest.name}?` : ''
}
