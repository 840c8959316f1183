// Checks of labelled data: its classes, the class of each sample, and that enough of it can be used.

import { counted } from '../data/counted.ts'
import { inOneLine, type Sample, type Skipped, type Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'

/** @throws UsageError for data without classes */
export function classNames(source: Source): readonly string[] {
  if (source.labels?.length) return source.labels
  throw new UsageError(
    `${source.name} has no classes; expected class folders, a table with a label column, or shards with .cls members`,
  )
}

/** @throws UsageError for data with fewer than two classes */
export function severalClasses(source: Source): readonly string[] {
  const names = classNames(source)
  if (names.length > 1) return names
  throw oneClass(source.name, names[0]!)
}

/** @throws UsageError for a sample without a class */
export function labelOf(sample: Sample, source: Source): string {
  if (sample.label !== undefined) return sample.label
  throw new UsageError(`${sample.key} has no class, as others of ${source.name} have; give it one, or leave it out`)
}

export const oneClass = (where: string, name: string): UsageError =>
  new UsageError(`${where} has one class alone, ${name}; a classifier needs two at least, each in a folder of its own`)

/** The error for data without a usable image. */
export function noneUsable({ name, size }: Source, skipped: readonly Skipped[]): UsageError {
  const [first] = skipped
  const why = first ? `; the first: ${inOneLine(first)}` : ''
  return new UsageError(`${name}: none of its ${counted(size, 'image')} could be used${why}`)
}

/**
 * @param labels indices into `names`, of the images that can be used
 * @throws UsageError for classes without one
 */
export function refuseEmptyClasses(
  { name: where }: Source,
  names: readonly string[],
  labels: Iterable<number>,
  skipped: readonly Skipped[],
): void {
  const used = new Set(labels)
  const empty = names.filter((_, i) => !used.has(i))
  if (empty.length === 0) return
  const [first] = skipped
  const why = first ? `; of ${counted(skipped.length, 'skipped image')} the first: ${inOneLine(first)}` : ''
  throw new UsageError(
    `${where}: no image can be read of ${empty.length === 1 ? 'the class' : 'the classes'} ${firstFive(empty)}${why}. Add images, or take the class away`,
  )
}

/** `a, b, c, d, e and 3 more` */
export const firstFive = (names: readonly string[]): string =>
  `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`
