// HTML that escapes by default: what is put into an `html` template is text, unless it is HTML already.

import { percent as plainPercent } from '../cli/shell/counted.ts'

/** A class, so that nothing read from a file can pass for HTML. `String(part)` is its source. */
export class Html {
  readonly #source: string

  constructor(source: string) {
    this.#source = source
  }

  toString(): string {
    return this.#source
  }
}

/** What a template takes. Of a list the items follow each other; undefined and false are nothing. */
export type Part = Html | string | number | undefined | false | readonly Part[]

/** `html`<b>${label}</b>`` escapes the label, in an element and in a quoted attribute. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.reduce((source, string, i) => source + sourceOf(parts[i - 1]) + string))

/** A style sheet, a script: HTML that was written here. */
export const raw = (source: string): Html => new Html(source)

export const joined = (parts: readonly Part[], separator: Part): Html =>
  new Html(parts.map(sourceOf).join(sourceOf(separator)))

function sourceOf(part: Part): string {
  if (part === undefined || part === false) return ''
  if (Array.isArray(part)) return part.map(sourceOf).join('')
  if (part instanceof Html) return part.toString()
  return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** Text in English and in Chinese; the page shows one of them. */
export interface Both {
  en: Html | string
  zh: Html | string
}

export const both = (en: Part, zh: Part): Html => html`<span lang="en">${en}</span><span lang="zh">${zh}</span>`

/** A file's name that breaks after its separators, and never inside its extension. */
export function fileName(name: string): Html {
  const [, stem, extension] = /^(.*?)(\.[^.]{1,5})?$/s.exec(name)!
  const parts = joined(stem!.split(/(?<=[_\-\s.])/), html`<wbr>`)
  return html`${parts}${extension && html`<wbr><span class="extension">${extension}</span>`}`
}

/** A formula, with `I_e` written as a subscript; names such as `ln_pre` stay. */
export function formulaCode(formula: string): Html {
  const parts = formula.split(/(?<=\b(?:I|T|W|E|P|x|id|mean))_(\w+)/)
  return html`<code>${parts.map((part, i) => (i % 2 === 1 ? html`<sub>${part}</sub>` : part))}</code>`
}

export const code = (text: string): Html => html`<code>${text}</code>`

/** `[1, 50, 768]`. */
export const shapeOf = (shape: readonly number[]): string => `[${shape.join(', ')}]`

/** The finite numbers of a mask are all 0: their mean says nothing. */
export const isMask = (name: string): boolean => name.endsWith('attn_mask')

/** Four significant digits, without an exponent where that is short. */
export function number(x: number): string {
  if (!Number.isFinite(x)) return x < 0 ? '−∞' : x > 0 ? '∞' : '–'
  const size = Math.abs(x)
  const text = size !== 0 && (size < 1e-3 || size >= 1e6) ? x.toExponential(2) : String(Number(x.toPrecision(4)))
  return text.replaceAll('-', '−')
}

/** With a space that breaks no line. */
export const percent = (share: number): string => plainPercent(share).replace(' ', '\u00a0')
