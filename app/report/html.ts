// Small pieces of the page: text in two languages, numbers, escaping.

/** HTML in English and in Chinese; the page shows one of them. */
export interface Both {
  en: string
  zh: string
}

export const both = (en: string, zh: string): string => `<span lang="en">${en}</span><span lang="zh">${zh}</span>`

export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** A file's name that breaks after its separators, and never inside its ending. */
export function fileName(name: string): string {
  const [, stem, ending] = /^(.*?)(\.[^.]{1,5})?$/s.exec(name)!
  const parts = stem!.split(/(?<=[_\-\s.])/).map(escaped)
  return parts.join('<wbr>') + (ending ? `<wbr><span class="ending">${escaped(ending)}</span>` : '')
}

/** A formula, with `I_e` written as a subscript; names such as `ln_pre` stay. */
export const formulaCode = (formula: string): string =>
  `<code>${escaped(formula).replace(/\b(I|T|W|E|P|x|id|mean)_(\w+)/g, '$1<sub>$2</sub>')}</code>`

export const code = (text: string): string => `<code>${escaped(text)}</code>`

/** `[1, 50, 768]`, or `50 × 768` where the batch of one goes without saying. */
export const shapeOf = (shape: readonly number[]): string => `[${shape.join(', ')}]`

/** A mask's finite numbers are all 0: their mean says nothing. */
export const isMask = (name: string): boolean => name.endsWith('attn_mask')

/** Four significant digits, without an exponent where that is short. */
export function number(x: number): string {
  if (!Number.isFinite(x)) return x < 0 ? '−∞' : x > 0 ? '∞' : '–'
  const size = Math.abs(x)
  const text = size !== 0 && (size < 1e-3 || size >= 1e6) ? x.toExponential(2) : String(Number(x.toPrecision(4)))
  return text.replaceAll('-', '−')
}

export const percent = (x: number): string => `${(100 * x).toFixed(x < 0.0995 ? 1 : 0)}%`
