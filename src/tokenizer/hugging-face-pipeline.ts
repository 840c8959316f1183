// The steps of a `tokenizer.json`. transformers' CLIPTokenizer always does the same, whatever the file says, so a file
// with other steps is refused.

import { CheckpointError } from '../errors.ts'
import { type ListedVocabulary, listedVocabulary } from './listed-merges.ts'

type Json = Record<string, unknown>

export interface Listed {
  vocabulary: ListedVocabulary
  /** Lines of two pieces, or lists of two, the best first. */
  merges: readonly unknown[]
}

const normalizer = {
  type: 'Sequence',
  normalizers: [{ type: 'NFC' }, { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' }, { type: 'Lowercase' }],
}
const words = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"
const preTokenizer = (pattern: string) => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: true },
    { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
  ],
})
const preTokenizers = [preTokenizer(`<\\|startoftext\\|>|<\\|endoftext\\|>|${words}`), preTokenizer(words)]

/** Fields that change no id; offsets are not computed. */
const ignored = new Set(['trim_offsets'])
const usual: Json = { use_regex: true }

/** The vocabulary of a `tokenizer.json` with CLIP's steps. @throws CheckpointError naming a step that differs */
export function clipPipeline(file: unknown, where: string): Listed {
  const json = file as Json
  const model = (json?.model ?? {}) as Json
  const at = `${where}: tokenizer.json`
  const type = model.type ?? (model.merges ? 'BPE' : 'unknown')
  if (type !== 'BPE') refuse(at, `model is ${nameOf(model)}`, 'byte pair encoding (BPE)')
  const neutral = {
    dropout: [undefined, null, 0],
    continuing_subword_prefix: [undefined, null, ''],
    end_of_word_suffix: ['</w>'],
    fuse_unk: [undefined, false],
    byte_fallback: [undefined, false],
    ignore_merges: [undefined, false],
  }
  for (const [field, values] of Object.entries(neutral)) {
    if (!(values as unknown[]).includes(model[field])) {
      refuse(at, `model's ${field} is ${JSON.stringify(model[field])}`, JSON.stringify(values.at(-1)))
    }
  }
  if (!same(json.normalizer, normalizer)) {
    refuse(at, `normalizer is ${nameOf(json.normalizer)}`, 'NFC, white space as one space, lower case')
  }
  if (!preTokenizers.some((expected) => same(json.pre_tokenizer, expected))) {
    refuse(at, `pre_tokenizer is ${nameOf(json.pre_tokenizer)}`, "CLIP's Split and ByteLevel")
  }
  if (!Array.isArray(model.merges)) throw new CheckpointError(`${at}: its model has no list of merges`)
  return { vocabulary: listedVocabulary(model.vocab, `${at}: vocab`), merges: model.merges }
}

/** The ids that a `tokenizer.json` puts around a text. */
export function startAndEnd(file: unknown, where: string): { start: number; end: number } {
  const json = (file as Json).post_processor as Json | null | undefined
  if (json?.type === 'RobertaProcessing' || json?.type === 'BertProcessing') {
    const [start, end] = [json.cls, json.sep].map((token) => (Array.isArray(token) ? token[1] : undefined))
    if (typeof start === 'number' && typeof end === 'number') return { start, end }
  }
  if (json?.type === 'TemplateProcessing' && Array.isArray(json.single)) {
    const ids = json.single.map((part: { SpecialToken?: { id: string }; Sequence?: unknown }) => {
      const special = (json.special_tokens as Record<string, { ids?: number[] }> | undefined)?.[
        part.SpecialToken?.id ?? ''
      ]
      return part.Sequence ? 'text' : special?.ids?.length === 1 ? special.ids[0] : undefined
    })
    const [start, text, end] = ids
    if (ids.length === 3 && text === 'text' && typeof start === 'number' && typeof end === 'number')
      return { start, end }
  }
  return refuse(
    `${where}: tokenizer.json`,
    `post_processor is ${nameOf(json)}`,
    'one that puts a start and an end token around a text',
  )
}

function refuse(where: string, found: string, expected: string): never {
  throw new CheckpointError(
    `${where}: its ${found}; expected ${expected}, because typeclip has only CLIP's tokenizer. Its images can be embedded without the text encoder`,
  )
}

/** A step by its type, and the types inside it. */
function nameOf(step: unknown): string {
  const { type, normalizers, pretokenizers, processors } = (step ?? {}) as Json
  const inside = normalizers ?? pretokenizers ?? processors
  if (Array.isArray(inside)) return `${type} of ${inside.map(nameOf).join(', ')}`
  return typeof type === 'string' ? type : 'missing'
}

function same(found: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return found === expected
  if (typeof found !== 'object' || found === null) return false
  if (Array.isArray(expected)) {
    return Array.isArray(found) && found.length === expected.length && expected.every((item, i) => same(found[i], item))
  }
  const [a, b] = [{ ...usualIn(expected), ...found } as Json, expected as Json]
  const names = Object.keys(a).filter((name) => !ignored.has(name))
  return names.length === Object.keys(b).length && names.every((name) => name in b && same(a[name], b[name]))
}

const usualIn = (expected: object): Json =>
  Object.fromEntries(Object.entries(usual).filter(([name]) => name in expected))
