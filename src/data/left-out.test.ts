// What a data set leaves out or refuses: encodings, hidden and system folders, other formats, loose images, splits.

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { picture, tarArchive } from '../../test/shards.ts'
import { UsageError } from '../errors.ts'
import { decodeUtf8, utf8Lines } from '../files/utf8.ts'
import { combine } from './combine.ts'
import { listImages } from './list-images.node.ts'
import { openSource, type SourceOptions } from './open.node.ts'
import type { Sample, Skipped, Source } from './sample.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'typeclip-data-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function write(files: Record<string, string | Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content)
  }
}

async function all(source: Source): Promise<(Sample | Skipped)[]> {
  const found: (Sample | Skipped)[] = []
  for await (const sample of source.samples({ seed: 1, epoch: 0, shuffle: false })) found.push(sample)
  return found
}

const open = (name: string, options?: SourceOptions) => openSource(join(root, name), options)
const captions = async (source: Source) =>
  (await all(source)).map((sample) => ('reason' in sample ? `! ${sample.reason}` : sample.captions.join(' | ')))
const noticesOf = (source: Source) => (source.notices ?? []).map((notice) => notice.replaceAll(root, 'ROOT'))

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')
const utf16be = (text: string) => Buffer.from(utf16(text)).swap16()

describe('text that is not UTF-8', () => {
  it.each(['csv', 'tsv', 'jsonl'])('is refused in a .%s table, with its line', async (kind) => {
    const lines: Record<string, string[]> = {
      csv: ['image,caption', '0.png,a cat', '1.png,a café', '2.png,x'],
      tsv: ['filepath\ttitle', '0.png\ta cat', '1.png\ta café', '2.png\tx'],
      jsonl: ['', '{"image":"0.png","caption":"a cat"}', '{"image":"1.png","caption":"a café"}', ''],
    }
    const text = lines[kind]!.join('\r\n')
    write({ [`t.${kind}`]: latin1(text) })
    await expect(open(`t.${kind}`)).rejects.toThrow(`t.${kind}: line 3 is not UTF-8; save the file as UTF-8`)
    await expect(open(`t.${kind}`)).rejects.toBeInstanceOf(UsageError)
    for (const encoded of [utf16(text), utf16be(text), Buffer.from(text.trim(), 'utf16le')]) {
      write({ [`t.${kind}`]: encoded })
      await expect(open(`t.${kind}`)).rejects.toThrow(`t.${kind}: this is UTF-16; save the file as UTF-8`)
    }
    write({ [`t.${kind}`]: `\ufeff${text}` })
    expect((await captions(await open(`t.${kind}`)))[1]).toBe('a café')
  })

  it('is refused in a caption file, and the other samples are read', async () => {
    write({ '1.jpg': '', '1.txt': latin1('a dog\r\na café'), '2.jpg': '', '2.txt': utf16('a cat'), '3.jpg': '' })
    write({ '3.txt': '\ufeffein Käfer\r\n' })
    expect(await captions(await open(''))).toEqual([
      '! its caption file 1.txt: line 2 is not UTF-8; save the file as UTF-8',
      '! its caption file 2.txt: this is UTF-16; save the file as UTF-8',
      'ein Käfer',
    ])
  })

  it('is refused in a shard’s captions, classes and JSON', async () => {
    const image = await picture(1)
    const archive = tarArchive({
      '1.png': image,
      '1.txt': latin1('café'),
      '2.png': image,
      '2.cls': latin1('café'),
      '3.png': image,
      '3.json': latin1('{"caption": "café"}'),
      '4.png': image,
      '4.txt': '\ufeffein Käfer\r\n',
      '5.png': image,
      '5.json': '{"caption": 7}',
    })
    write({ 's.tar': archive })
    const source = await open('s.tar')
    expect(source.labels).toBeUndefined()
    expect(await captions(source)).toEqual([
      '! its .txt: line 1 is not UTF-8; save the file as UTF-8',
      '! its .cls: line 1 is not UTF-8; save the file as UTF-8',
      '! its .json: line 1 is not UTF-8; save the file as UTF-8',
      'ein Käfer',
      '! "caption" of its .json is 7; expected a text, or a list of texts',
    ])
  })

  it('is found wherever the bytes are cut', async () => {
    const text = Buffer.from('\ufeffä€😀\r\n\r\nzwei\n')
    async function* inPieces(bytes: Uint8Array, size: number) {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    }
    const linesOf = async (bytes: Uint8Array, size: number) => {
      const lines: string[] = []
      for await (const { text } of utf8Lines(inPieces(bytes, size), 'f')) lines.push(text)
      return lines
    }
    for (const size of [1, 2, 3, 5, 100]) {
      expect(await linesOf(text, size)).toEqual(['ä€😀', '', 'zwei'])
      const wrong = Buffer.concat([text, latin1('ü')])
      await expect(linesOf(wrong, size)).rejects.toThrow('f: line 4 is not UTF-8')
    }
    expect(decodeUtf8(text, 'f')).toBe('ä€😀\r\n\r\nzwei\n')
  })
})

describe('a table', () => {
  it('takes a quote inside a field for a character, and keeps NA a word', async () => {
    write({ 't.csv': 'image,caption\n0.png,a 5" phone\n1.png,NA\n2.png,"red" shoe\n' })
    expect(await captions(await open('t.csv'))).toEqual(['a 5" phone', 'NA', 'red shoe'])
    write({ 't.tsv': 'filepath\ttitle\n0.png\ta "red" phone\n1.png\tnan\n' })
    expect(await captions(await open('t.tsv'))).toEqual(['a "red" phone', 'nan'])
  })

  it('finds the separator from the header, and says so', async () => {
    write({ 'semi.csv': 'image;caption\n0.png;a cat, asleep\n', 'tab.csv': 'filepath\ttitle\n0.png\ta dog\n' })
    const semi = await open('semi.csv')
    expect(await captions(semi)).toEqual(['a cat, asleep'])
    expect(noticesOf(semi)).toEqual(['ROOT/semi.csv: its columns are separated by semicolons, as its header shows'])
    expect(await captions(await open('tab.csv'))).toEqual(['a dog'])
    write({ 'comma.tsv': '"image","caption"\n0.png,"a cat, asleep"\n', 'own.csv': 'file;words\n0.png;a pug\n' })
    expect(await captions(await open('comma.tsv'))).toEqual(['a cat, asleep'])
    expect(await captions(await open('own.csv', { imageColumn: 'file', captionColumn: 'words' }))).toEqual(['a pug'])
    await expect(open('own.csv')).rejects.toThrow(
      'no column "image"; it has "file;words". Name the right column with `imageColumn`, and what is between the columns with `separator`: ";", as it seems',
    )
    write({ 'other.csv': 'photo,caption\n0.png,x\n' })
    await expect(open('other.csv')).rejects.toThrow(
      'it has "photo", "caption". Name the right column with `imageColumn`',
    )
    expect(await captions(await open('tab.csv', { separator: '\\t' }))).toEqual(['a dog'])
    await expect(open('tab.csv', { separator: ';;' })).rejects.toThrow('`separator` is ";;"; expected one character')
  })

  it('names values of the wrong type, and two columns of one name', async () => {
    const lines = ['{"image":7,"text":"x"}', '{"image":"a.png","text":["x",7]}', '{"image":"a.png","label":true}']
    write({ 't.jsonl': [...lines, '{"image":"a.png","label":3}', '{"image":"b.png","text":"x"}'].join('\n') })
    expect(await captions(await open('t.jsonl'))).toEqual([
      '! its field "image" is 7; expected a path',
      '! its field "text" is ["x",7]; expected a text, or a list of texts',
      '! its field "label" is true; expected a text or a number',
      'a photo of a 3.',
      'x',
    ])
    expect((await open('t.jsonl')).labels).toEqual(['3'])
    write({ 'twice.csv': 'image,caption,caption\n0.png,a,b\n' })
    await expect(open('twice.csv')).rejects.toThrow('it has more than one column "caption"')
  })
})

describe('a folder', () => {
  const systemFolders = [
    '.ipynb_checkpoints',
    '.git',
    '@eaDir',
    '__MACOSX',
    '#recycle',
    '$RECYCLE.BIN',
    'System Volume Information',
    '.thumbnails',
    'lost+found',
  ]

  it('has no classes of hidden and system folders, and counts them', async () => {
    write({ 'cat/1.jpg': '', 'dog/2.jpg': '', 'dog/@eaDir/2.jpg/SYNOPHOTO_THUMB_XL.jpg': '' })
    for (const name of systemFolders) write({ [`${name}/1.jpg`]: '' })
    const source = await open('')
    expect(source.labels).toEqual(['cat', 'dog'])
    expect(source.size).toBe(2)
    expect(noticesOf(source)).toEqual(['ROOT: 10 hidden or system folders skipped: #recycle, $RECYCLE.BIN, .git, …'])
    expect(await listImages(root)).toMatchObject({
      images: ['cat/1.jpg', 'dog/2.jpg'],
      notice: expect.stringMatching(/: 10 hidden or system folders skipped/),
    })
  })

  it('counts folders that may not be opened', async () => {
    write({ 'cat/1.jpg': '', 'dog/2.jpg': '', 'locked/3.jpg': '' })
    chmodSync(join(root, 'locked'), 0)
    try {
      readdirSync(join(root, 'locked'))
      return // root, or Windows: nothing is closed to this user
    } catch {
      const source = await open('')
      expect(source.labels).toEqual(['cat', 'dog'])
      expect(noticesOf(source)).toEqual(['ROOT: 1 folder that you may not open skipped: locked'])
    } finally {
      chmodSync(join(root, 'locked'), 0o755)
    }
  })

  it('has none of them in shards', async () => {
    const image = await picture(1)
    const files: Record<string, Uint8Array | string> = { './a/1.png': image, './a/1.txt': 'one' }
    for (const name of systemFolders) Object.assign(files, { [`a/${name}/2.png`]: image, [`a/${name}/2.txt`]: 'no' })
    write({ 's.tar': tarArchive(files), '._s.tar': 'of macOS' })
    expect(await captions(await open('s.tar'))).toEqual(['one'])
    expect(await captions(await open('*.tar'))).toEqual(['one'])
  })

  it('reads one list of formats for all, and counts the others by the end of their names', async () => {
    write({ 'a/1.JFIF': '', 'a/2.jpe': '', 'a/3.avif': '', 'a/IMG_4.HEIC': '', 'b/IMG_5.heic': '', 'b/6.bmp': '' })
    write({ 'b/7': '', 'b/8.png': '', 'b/8.txt.bak': '', 'b/8.json': '{}', 'b/8.png.json': '', 'a/.9.png': '' })
    write({ 'a/Thumbs.db': '', 'a/.DS_Store': '', 'a/._1.JFIF': '' })
    const found = await listImages(root)
    expect(found.images).toEqual(['a/1.JFIF', 'a/2.jpe', 'a/3.avif', 'b/8.png'])
    const source = await open('')
    expect((await all(source)).map(({ key }) => key.slice(root.length + 1).replaceAll('\\', '/'))).toEqual(found.images)
    const [notice] = noticesOf(source)
    expect(notice).toMatch(
      /^ROOT: 6 files skipped: 2 \.heic, 1 \.bak, 1 \.bmp, 1 hidden, 1 without extension; images are read by/,
    )
    expect(found.notice!.replaceAll(root, 'ROOT')).toBe(notice)
  })

  it('leaves loose images beside class folders out, by name', async () => {
    write({ 'cat/1.jpg': '', 'dog/2.jpg': '', 'a.jpg': '', 'b.jpg': '' })
    const source = await open('')
    expect(source.labels).toEqual(['cat', 'dog'])
    expect(source.size).toBe(2)
    expect(noticesOf(source)).toEqual([
      'ROOT: 2 images beside the class folders have no class and are skipped: a.jpg, b.jpg',
    ])
    write({ 'b.txt': 'with words of its own' })
    expect(await captions(await open('', { templates: ['{}'] }))).toEqual(['with words of its own', 'cat', 'dog'])
    const classes = await open('', { classes: true })
    expect(await captions(classes)).toEqual(['a photo of a cat.', 'a photo of a dog.'])
    expect((await all(classes)).every((sample) => 'label' in sample && sample.label !== undefined)).toBe(true)
  })

  it.each([
    ['train', 'val'],
    ['Train', 'Test'],
    ['training', 'validation'],
  ])('of %s/ and %s/ is refused', async (train, test) => {
    write({ [`${train}/cat/1.jpg`]: '', [`${test}/cat/2.jpg`]: '', 'other/cat/3.jpg': '' })
    await expect(open('')).rejects.toThrow(
      `${root} holds ${train}/ and ${test}/, the parts of a split, and as one data set they would be mixed; ` +
        `name one of them: ${join(root, train)} or ${join(root, test)}`,
    )
    expect((await open(train)).labels).toEqual(['cat'])
  })

  it('may have one class named train, or val', async () => {
    write({ 'train/1.jpg': '', 'bus/2.jpg': '' })
    expect((await open('')).labels).toEqual(['bus', 'train'])
  })
})

describe('a digest', () => {
  const digest = async (name: string, options?: SourceOptions) => (await open(name, options)).digest!()

  it('is of what the data holds, wherever it is', async () => {
    const image = await picture(1)
    write({ 'f/a.jpg': '', 'f/a.txt': 'a cat', 'c/cat/a.jpg': '', 't.csv': 'image,caption\na.jpg,a cat\n' })
    write({ 's.tar': tarArchive({ 'a.png': image, 'a.txt': 'a cat' }) })
    const before = await Promise.all(['f', 'c', 't.csv', 's.tar'].map((name) => digest(name)))
    expect(new Set(before).size).toBe(3) // the folder and the table hold the same
    mkdirSync(join(root, 'moved'))
    for (const name of ['f', 'c', 't.csv', 's.tar']) renameSync(join(root, name), join(root, 'moved', name))
    expect(await Promise.all(['f', 'c', 't.csv', 's.tar'].map((name) => digest(`moved/${name}`)))).toEqual(before)

    const [f, c, t, s] = before
    write({ 'moved/f/a.txt': 'a dog', 'moved/c/cat/b.jpg': '', 'moved/t.csv': 'image,caption\na.jpg,a dog\n' })
    write({ 'moved/s.tar': tarArchive({ 'a.png': image, 'a.txt': 'a dog' }) })
    expect(await digest('moved/f')).not.toBe(f)
    expect(await digest('moved/c')).not.toBe(c)
    expect(await digest('moved/t.csv')).not.toBe(t)
    expect(await digest('moved/s.tar')).not.toBe(s)
  })

  it('of several sources, and of class prompts, changes with each', async () => {
    write({ 'a/cat/1.jpg': '', 'b/dog/1.jpg': '' })
    const both = await combine([await open('a'), await open('b')]).digest!()
    expect(await combine([await open('b'), await open('a')]).digest!()).not.toBe(both)
    expect(await digest('a', { templates: ['{}'] })).not.toBe(await digest('a'))
  })
})
