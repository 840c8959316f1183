// A sample's captions: its own, or templates filled in with its class (the paper's §3.1.4).

import { UsageError } from '../errors.ts'

/** Used where a data set has classes and no captions. */
const defaultTemplates = ['a photo of a {}.']

export function classCaptions(label: string, templates: readonly string[] = defaultTemplates): string[] {
  return templates.map((template) => template.replaceAll('{}', label))
}

/** @throws UsageError for a template that has no place for the class */
export function checkTemplates(templates: readonly string[] | undefined): void {
  for (const template of templates ?? []) {
    if (!template.includes('{}')) throw new UsageError(`template "${template}" has no {} for the class`)
  }
}

/** Without the white space around them, and without empty ones. */
export function trimmed(captions: readonly string[]): string[] {
  return captions.map((caption) => caption.trim()).filter((caption) => caption !== '')
}
