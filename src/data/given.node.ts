// Data as `train`, `finetune` and the evaluations take it: by name, opened, or several of either.

import { UsageError } from '../errors.ts'
import { combine } from './combine.ts'
import { openSource, type SourceOptions } from './open.node.ts'
import type { Source } from './sample.ts'

/** A data set: what `openSource` takes, an opened source, or several of either, which are mixed. */
export type DataInput = string | Source | readonly (string | Source)[]

/**
 * @param options how data that is given by name is opened
 * @throws UsageError when nothing is there, or nothing that can be used
 */
export async function sourceOf(data: DataInput, options: SourceOptions = {}): Promise<Source> {
  const sources: Source[] = []
  for (const one of [data].flat() as (string | Source)[]) {
    sources.push(typeof one === 'string' ? await openSource(one, options) : one)
  }
  return combine(sources)
}

/** Validation data beside training data. Templates are for class folders; data with captions is opened without them. */
export function validationSourceOf(data: DataInput, options: SourceOptions): Promise<Source> {
  return sourceOf(data, options).catch((error: unknown) => {
    if (options.templates && error instanceof UsageError) return sourceOf(data, { ...options, templates: undefined })
    throw error
  })
}
