import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { huggingFaceTokenizerOf, type TokenizerFiles } from './hugging-face.ts'
import { tokenize } from './tokenize.ts'

const root = fileURLToPath(new URL('../../fixtures/folders/', import.meta.url))
const golden = JSON.parse(readFileSync(`${root}golden.json`, 'utf8'))

function filesOf(folder: string): TokenizerFiles {
  const names = [
    'tokenizer.json',
    'vocab.json',
    'added_tokens.json',
    'special_tokens_map.json',
    'tokenizer_config.json',
  ]
  const files: Record<string, unknown> = {}
  for (const name of names) {
    const path = `${root}${folder}/${name}`
    if (existsSync(path)) files[name] = JSON.parse(readFileSync(path, 'utf8'))
  }
  const merges = `${root}${folder}/merges.txt`
  if (existsSync(merges)) files['merges.txt'] = readFileSync(merges, 'utf8')
  return files as TokenizerFiles
}

describe("a folder's own tokenizer", () => {
  it.each(['fast', 'slow', 'small'])("gives transformers' ids: %s", (name) => {
    const tokenizer = huggingFaceTokenizerOf(filesOf(name), name)!
    const ids = golden.texts.map((text: string) => tokenizer.encode(text))
    expect(ids).toEqual(golden.ids[name])
    expect(tokenizer.paddingId).toBe(golden.padding[name])
    expect(tokenize(tokenizer, 'a', { contextLength: 5 }).ids.at(-1)).toBe(golden.padding[name])
  })

  it('spells its ids, those of added tokens too', () => {
    const tokenizer = huggingFaceTokenizerOf(filesOf('fast'), 'fast')!
    expect(tokenizer.decode(tokenizer.encode('The <cat-toy> <SPC>é'))).toBe(
      '<|startoftext|>the <cat-toy><SPC>é <|endoftext|>',
    )
    expect(tokenizer.piece(tokenizer.startId)).toBe('<|startoftext|>')
    expect(tokenizer.vocabularySize).toBe(608)
    expect(() => tokenizer.piece(608)).toThrow('token id 608 is not in the tokenizer')
  })

  it('is undefined where there is none', () => {
    expect(huggingFaceTokenizerOf({}, 'x')).toBeUndefined()
  })
})

describe('what cannot be followed is refused by name', () => {
  const fast = filesOf('fast')
  const json = fast['tokenizer.json'] as Record<string, object>
  const withFile = (changed: object): TokenizerFiles => ({ ...fast, 'tokenizer.json': { ...json, ...changed } })
  const slow = filesOf('slow')
  const cases: [string, TokenizerFiles, RegExp][] = [
    ['another class', { ...fast, 'tokenizer_config.json': { tokenizer_class: 'BertTokenizer' } }, /x: .*BertTokenizer/],
    ['code of its own', { ...fast, 'tokenizer_config.json': { auto_map: {} } }, /auto_map/],
    ['upper case', { ...fast, 'tokenizer_config.json': { do_lower_case: false } }, /do_lower_case asks for false/],
    ['another model', withFile({ model: { type: 'Unigram', vocab: [] } }), /model is Unigram/],
    ['WordPiece', withFile({ model: { type: 'WordPiece', vocab: {} } }), /model is WordPiece/],
    ['byte fallback', withFile({ model: { ...json.model, byte_fallback: true } }), /byte_fallback is true/],
    ['no end of words', withFile({ model: { ...json.model, end_of_word_suffix: null } }), /end_of_word_suffix is null/],
    ['another normalizer', withFile({ normalizer: { type: 'BertNormalizer' } }), /normalizer is BertNormalizer/],
    ['no normalizer', withFile({ normalizer: null }), /normalizer is missing/],
    [
      'another split',
      withFile({ pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Whitespace' }] } }),
      /pre_tokenizer is Sequence of Whitespace/,
    ],
    ['nothing around', withFile({ post_processor: { type: 'ByteLevel' } }), /post_processor is ByteLevel/],
    [
      'other ids around',
      withFile({ post_processor: { type: 'RobertaProcessing', sep: ['b', 7], cls: ['a', 6] } }),
      /puts ids 6 and 7 around a text, and the settings name 602 and 603/,
    ],
    ['no merges', { ...slow, 'merges.txt': undefined }, /no merges\.txt/],
    ['a merge of nothing', { ...slow, 'merges.txt': 'i n\nq q\n' }, /merge 2 \('q q'\) needs the piece 'qq'/],
    ['a merge of three', { ...slow, 'merges.txt': 'i n g\n' }, /should be two pieces/],
    ['a merge twice', { ...slow, 'merges.txt': 'i n\ni n\n' }, /merge 2 \('i n'\) is listed twice/],
    ['another id', { ...slow, 'added_tokens.json': { '<a>': 999 } }, /'<a>' has id 999, but transformers gives it 534/],
    ['an id that is none', { ...slow, 'vocab.json': { a: 'b' } }, /'a' has id "b"/],
  ]
  it.each(cases)('%s', (_, files, message) => {
    expect(() => huggingFaceTokenizerOf(files, 'x')).toThrow(message)
    expect(() => huggingFaceTokenizerOf(files, 'x')).toThrow(expect.objectContaining({ name: 'CheckpointError' }))
  })

  it('a template around a text is the same as the other two', () => {
    const single = [
      { SpecialToken: { id: 'a', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: 'b', type_id: 0 } },
    ]
    const specials = { a: { ids: [602] }, b: { ids: [603] } }
    const files = withFile({ post_processor: { type: 'TemplateProcessing', single, special_tokens: specials } })
    expect(huggingFaceTokenizerOf(files, 'x')!.encode('')).toEqual([602, 603])
  })
})
