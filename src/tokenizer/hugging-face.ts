// The tokenizer of a Hugging Face folder, from its own files: CLIPTokenizer with any vocabulary, merges and added
// tokens. Any other kind of tokenizer is refused by name.

import { CheckpointError } from '../errors.ts'
import { type AddedToken, addedTokenSplitter } from './added-tokens.ts'
import { bytesOf } from './bytes.ts'
import { cleanings } from './clean.ts'
import { clipPipeline, type Listed, startAndEnd } from './hugging-face-pipeline.ts'
import { type ListedVocabulary, listedMerges, listedVocabulary } from './listed-merges.ts'
import type { Tokenizer } from './tokenize.ts'
import { huggingFaceWords } from './words.ts'

type Json = Record<string, unknown>

/** The folder's files by name: text of `merges.txt`, parsed JSON of the others; undefined if missing. */
export interface TokenizerFiles {
  'tokenizer.json'?: unknown
  'vocab.json'?: unknown
  'merges.txt'?: string | undefined
  'added_tokens.json'?: unknown
  'special_tokens_map.json'?: unknown
  'tokenizer_config.json'?: unknown
}

/** The classes that read such folders; the last two follow `tokenizer.json`, whatever it says. */
const classes = ['CLIPTokenizer', 'CLIPTokenizerFast', 'PreTrainedTokenizerFast', 'TokenizersBackend']

/**
 * @param where the folder, for messages
 * @returns undefined if the folder has no vocabulary
 * @throws CheckpointError for a tokenizer of another kind, or files that contradict each other
 */
export function huggingFaceTokenizerOf(files: TokenizerFiles, where: string): Tokenizer | undefined {
  const config = objectOf(files['tokenizer_config.json'] ?? {}, `${where}: tokenizer_config.json`)
  const fast = files['tokenizer.json'] as Json | undefined
  refuseOtherClasses(config, where)
  if (fast === undefined && files['vocab.json'] === undefined) return undefined
  const { vocabulary, merges } = fast === undefined ? listedIn(files, where) : clipPipeline(fast, where)

  const named = namedTokens(files, config, where)
  const added = addedTokens(files, config, named, vocabulary, where)
  const idOf = (name: keyof typeof usual): number => {
    const { content } = named[name]!
    const id = added.find((token) => token.content === content)?.id ?? vocabulary.idOf(content)
    if (id === undefined) throw new CheckpointError(`${where}: ${name} '${content}' is not in the vocabulary`)
    return id
  }
  const [startId, endId, paddingId, unknownId] = [
    idOf('bos_token'),
    idOf('eos_token'),
    idOf('pad_token'),
    vocabulary.idOf(named.unk_token.content),
  ]
  const wrapped = fast && startAndEnd(fast, where)
  if (wrapped && (wrapped.start !== startId || wrapped.end !== endId)) {
    throw new CheckpointError(
      `${where}: tokenizer.json puts ids ${wrapped.start} and ${wrapped.end} around a text, and the settings name ${startId} and ${endId}; one of them is wrong`,
    )
  }

  const merge = listedMerges(vocabulary, merges, unknownId, where)
  const split = addedTokenSplitter(added, cleanings.huggingface)
  const addedById = new Map(added.map((token) => [token.id, token.content]))
  const highestAdded = added.reduce((most, token) => Math.max(most, token.id), -1)
  let pieces: Map<number, string> | undefined

  function piece(id: number): string {
    pieces ??= new Map(vocabulary.entries().map(([text, of]) => [of, text]))
    const text = addedById.get(id) ?? pieces.get(id)
    if (text === undefined) throw new CheckpointError(`${where}: token id ${id} is not in the tokenizer's vocabulary`)
    return text
  }

  return {
    startId,
    endId,
    paddingId,
    vocabularySize: Math.max(vocabulary.highestId, highestAdded) + 1,
    convention: 'huggingface',
    piece,
    encode(text) {
      const ids = [startId]
      for (const part of split(text)) {
        if ('id' in part) ids.push(part.id)
        else for (const word of huggingFaceWords(part.text)) for (const id of merge(word)) ids.push(id)
      }
      ids.push(endId)
      return ids
    },
    decode(ids) {
      const bytes = Array.from(ids, (id) => {
        const content = addedById.get(id)
        return content === undefined ? bytesOf(piece(id)) : [...new TextEncoder().encode(content)]
      }).flat()
      return utf8.decode(Uint8Array.from(bytes)).replaceAll('</w>', ' ')
    },
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

function objectOf(value: unknown, where: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw new CheckpointError(`${where}: expected an object of settings, found ${JSON.stringify(value)}`)
}

function refuseOtherClasses(config: Json, where: string): void {
  const { tokenizer_class: name = 'CLIPTokenizer' } = config
  if (!classes.includes(name as string)) {
    throw new CheckpointError(
      `${where}: its tokenizer is a ${name}, which typeclip does not have (only ${classes.slice(0, 2).join(', ')}); its images can be embedded without the text encoder`,
    )
  }
  if (config.auto_map)
    throw new CheckpointError(`${where}: its tokenizer is custom code (auto_map), which typeclip does not run`)
  const neutral = { do_lower_case: true, add_prefix_space: false, split_special_tokens: false, errors: 'replace' }
  for (const [field, value] of Object.entries(neutral)) {
    if ((config[field] ?? value) !== value) {
      throw new CheckpointError(
        `${where}: tokenizer_config.json: field ${field} asks for ${JSON.stringify(config[field])}, which typeclip does not support (only ${JSON.stringify(value)})`,
      )
    }
  }
}

/** `vocab.json` and `merges.txt`. */
function listedIn(files: TokenizerFiles, where: string): Listed {
  const merges = files['merges.txt']
  if (merges === undefined) {
    throw new CheckpointError(`${where}: has vocab.json and no merges.txt; fetch that too, or tokenizer.json`)
  }
  return {
    vocabulary: listedVocabulary(files['vocab.json'], `${where}: vocab.json`),
    merges: merges.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#version')),
  }
}

interface Declared {
  content: string
  normalized: boolean
  singleWord: boolean
}

const usual = {
  bos_token: '<|startoftext|>',
  eos_token: '<|endoftext|>',
  unk_token: '<|endoftext|>',
  pad_token: '<|endoftext|>',
}
type Named = Record<keyof typeof usual, Declared> & Record<string, Declared>

/** A token as settings write it: its text alone, or an object. A special token is matched in the text as given. */
function declared(value: unknown, where: string): Declared {
  if (typeof value === 'string') return { content: value, normalized: false, singleWord: false }
  const { content, normalized, special, single_word: singleWord } = objectOf(value, where)
  if (typeof content !== 'string') throw new CheckpointError(`${where}: an added token has no content`)
  return { content, normalized: Boolean(normalized ?? !special), singleWord: Boolean(singleWord) }
}

/** Start, end, unknown, padding, and further special tokens, by the name of their setting. */
function namedTokens(files: TokenizerFiles, config: Json, where: string): Named {
  // As in transformers: the map counts only if the settings do not list the added tokens themselves.
  const map = config.added_tokens_decoder
    ? {}
    : objectOf(files['special_tokens_map.json'] ?? {}, `${where}: special_tokens_map.json`)
  const settings = { ...usual, ...withoutNulls(config), ...withoutNulls(map) }
  const tokens: Record<string, Declared> = {}
  for (const [name, value] of Object.entries(settings)) {
    const isToken = typeof value === 'string' || (typeof value === 'object' && value !== null && 'content' in value)
    if (name.endsWith('_token') && isToken) tokens[name] = declared(value, `${where}: ${name}`)
  }
  const { extra_special_tokens: extra, additional_special_tokens: additional = [] } = settings as Json
  const further = Array.isArray(extra) && extra.length === 0 ? additional : (extra ?? additional)
  for (const [name, value] of Object.entries(further as Json))
    tokens[`extra ${name}`] = declared(value, `${where}: special tokens`)
  return tokens as Named
}

const withoutNulls = (json: Json): Json => Object.fromEntries(Object.entries(json).filter(([, value]) => value != null))

/** The tokens added to the vocabulary, in the order in which they get their ids. */
function addedTokens(
  files: TokenizerFiles,
  config: Json,
  named: Named,
  vocabulary: ListedVocabulary,
  where: string,
): AddedToken[] {
  const specials = new Set(Object.values(named).map(({ content }) => content))
  const listed = new Map<number, Declared>()
  if (config.added_tokens_decoder) {
    const decoder = objectOf(config.added_tokens_decoder, `${where}: added_tokens_decoder`)
    for (const [id, token] of Object.entries(decoder))
      listed.set(Number(id), declared(token, `${where}: added token ${id}`))
  } else {
    const encoder = objectOf(files['added_tokens.json'] ?? {}, `${where}: added_tokens.json`)
    for (const [content, id] of Object.entries(encoder)) {
      listed.set(Number(id), { content, normalized: !specials.has(content), singleWord: false })
    }
    const fast = (files['tokenizer.json'] as { added_tokens?: Json[] } | undefined)?.added_tokens ?? []
    for (const token of fast) listed.set(Number(token.id), declared(token, `${where}: tokenizer.json: added token`))
  }

  const tokens: AddedToken[] = []
  let next = vocabulary.size
  function add(token: Declared, says?: number): void {
    if (tokens.some(({ content }) => content === token.content)) return
    const id = vocabulary.idOf(token.content) ?? next++
    if (says !== undefined && says !== id) {
      throw new CheckpointError(
        `${where}: the added token '${token.content}' has id ${says}, but transformers gives it ${id}; the tokenizer's files do not belong together`,
      )
    }
    tokens.push({ ...token, id })
  }
  for (const [id, token] of [...listed].sort(([a], [b]) => a - b)) add(token, id)
  for (const token of Object.values(named)) add(token)
  return tokens
}
