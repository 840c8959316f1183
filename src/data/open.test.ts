import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { picture, serve, tarArchive } from '../../test/shards.ts'
import { UsageError } from '../errors.ts'
import { openSource, type SourceOptions } from './open.node.ts'
import type { Sample, Skipped, Source } from './sample.ts'
import { expandBraces } from './shard-names.node.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'typeclip-data-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const natural = { seed: 1, epoch: 0, shuffle: false }

function write(files: Record<string, string | Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content)
  }
}

async function all(source: Source, order = natural): Promise<(Sample | Skipped)[]> {
  const found: (Sample | Skipped)[] = []
  for await (const sample of source.samples(order)) found.push(sample)
  return found
}

/** Each sample as `image: caption | caption`, or why it is none. */
async function told(name: string, options?: SourceOptions): Promise<string[]> {
  const source = await openSource(join(root, name), options)
  const found = await all(source)
  expect(found.length).toBe(source.size)
  return found.map((sample) => {
    const place = sample.key.replaceAll(root, '').replaceAll('\\', '/')
    return 'reason' in sample ? `${place}! ${sample.reason}` : `${place}: ${sample.captions.join(' | ')}`
  })
}

it('reads captions beside pictures, one a line, in the order of the paths', async () => {
  write({
    'b.jpg': 'x',
    'b.txt': '\uFEFFa dog\r\n\r\n  two dogs  \r\n',
    'a/z.PNG': 'x',
    'a/z.txt': 'a cat',
    'a.b.webp': 'x',
    'a.b.txt': 'dots',
    'blank.jpg': 'x',
    'blank.txt': ' \n',
    'alone.jpg': 'x',
    '.hidden.jpg': 'x',
    'a/._z.PNG': 'x',
    'readme.txt': 'not a caption',
  })
  expect(await told('')).toEqual([
    '/a.b.webp: dots',
    '/a/z.PNG: a cat',
    '/alone.jpg! its caption file alone.txt is not there',
    '/b.jpg: a dog | two dogs',
    '/blank.jpg! its caption file blank.txt is empty',
  ])
})

it('takes the innermost folder for the class, and fills templates with it', async () => {
  write({ 'x/cat/1.jpg': '', 'x/cat/2.jpg': '', 'y/dog/1.jpg': '', 'note.txt': 'n' })
  expect(await told('')).toEqual([
    '/x/cat/1.jpg: a photo of a cat.',
    '/x/cat/2.jpg: a photo of a cat.',
    '/y/dog/1.jpg: a photo of a dog.',
  ])
  expect((await told('', { templates: ['{}', 'one {}'] }))[2]).toBe('/y/dog/1.jpg: dog | one dog')
  const source = await openSource(root)
  expect(source.labels).toEqual(['cat', 'dog'])
  expect((await all(source)).map((sample) => 'label' in sample && sample.label)).toEqual(['cat', 'cat', 'dog'])
  await expect(openSource(root, { templates: ['a photo'] })).rejects.toThrow('template "a photo" has no {}')
})

it('keeps captions of their own where templates are given too, and classes beside captions', async () => {
  write({ 'cat/1.jpg': '', 'cat/1.txt': 'words', 'dog/2.jpg': '' })
  expect(await told('', { templates: ['my {}'] })).toEqual(['/cat/1.jpg: words', '/dog/2.jpg: my dog'])
  const source = await openSource(root)
  expect(source.labels).toEqual(['cat', 'dog'])
  expect(await all(source)).toMatchObject([{ label: 'cat' }, { reason: 'its caption file 2.txt is not there' }])
  expect(await told('cat', { templates: ['my {}'] })).toEqual(['/cat/1.jpg: words'])
  expect(await told('dog', { templates: ['my {}'] })).toEqual(['/dog/2.jpg: my dog'])
  expect((await openSource(join(root, 'cat'))).labels).toBeUndefined()
})

it('follows links to pictures and to folders, and does not go round in circles', async () => {
  write({ 'store/a/1.jpg': '', 'store/2.jpg': '', 'set/dog/3.jpg': '' })
  try {
    symlinkSync(join(root, 'store/a'), join(root, 'set/cat'), 'dir')
    symlinkSync(join(root, 'store/2.jpg'), join(root, 'set/dog/2.jpg'), 'file')
    symlinkSync(join(root, 'set'), join(root, 'set/dog/again'), 'dir')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return // Windows asks for a right that few have
    throw error
  }
  expect(await told('set')).toEqual([
    '/set/cat/1.jpg: a photo of a cat.',
    '/set/dog/2.jpg: a photo of a dog.',
    '/set/dog/3.jpg: a photo of a dog.',
  ])
})

it('says what a folder without samples lacks', async () => {
  await expect(openSource(join(root, 'nowhere'))).rejects.toThrow(/nowhere: there is no such file or folder; expected/)
  await expect(openSource(root)).rejects.toThrow(/no images in it \(no files\)/)
  write({ 'notes.md': '' })
  await expect(openSource(root)).rejects.toThrow(/no images in it \(1 file, such as notes.md\)/)
  await expect(openSource(join(root, 'notes.md'))).rejects.toThrow(/not a kind of data that is read/)
  write({ '1.jpg': '' })
  await expect(openSource(root)).rejects.toThrow(/1 image, but no captions beside them \(1.txt and so on\)/)
})

it('reads CSV with a mark, quotes, line ends and breaks within fields, and several rows of a picture', async () => {
  const rows = [
    '\uFEFFimage,caption,extra',
    'a.jpg,"a ""good"", dog",1',
    '"sub/b, c.jpg","two\nlines",2',
    'a.jpg,the dog again,3',
    'a.jpg,the dog again,4',
    'short.jpg',
    ',no picture,5',
    'd.jpg,,6',
    '',
    'e.jpg,猫,7',
  ]
  write({ 'set/t.csv': rows.join('\r\n') })
  expect(await told('set/t.csv')).toEqual([
    '/set/a.jpg: a "good", dog | the dog again',
    '/set/sub/b, c.jpg: two\nlines',
    '/set/t.csv:7! 1 fields, where the header has 3',
    '/set/t.csv:8! its field "image" is empty',
    '/set/t.csv:9! its field "caption" is empty',
    '/set/e.jpg: 猫',
  ])
})

it('reads open_clip’s TSV, columns named by the caller, and another separator', async () => {
  write({ 't.tsv': 'filepath\ttitle\na.jpg\ta cat, sitting\n', 'u.csv': 'file;words;caption\nb.jpg;a dog;no\n' })
  expect(await told('t.tsv')).toEqual(['/a.jpg: a cat, sitting'])
  const columns = { imageColumn: 'file', captionColumn: 'words', separator: ';' }
  expect(await told('u.csv', columns)).toEqual(['/b.jpg: a dog'])
  await expect(openSource(join(root, 'u.csv'), { ...columns, captionColumn: 'word' })).rejects.toThrow(
    'no column "word"; it has "file", "words", "caption"',
  )
  await expect(openSource(join(root, 'u.csv'))).rejects.toThrow('no column "image"; it has "file;words;caption"')
})

it('reads JSON lines with one caption, several, or a class', async () => {
  const lines = [
    { image: 'a.jpg', caption: 'one' },
    { image: 'b.jpg', caption: ['two', ' ', 'three'] },
    { image: 'c.jpg', label: 'cat' },
    { image: 'd.jpg', caption: 7 },
    { caption: 'x' },
  ]
  write({ 't.jsonl': `\uFEFF${lines.map((line) => JSON.stringify(line)).join('\r\n')}\n\n{"image":\n[1]\n` })
  const found = (await told('t.jsonl')).map((line) => line.replace(/\(.*\)/, '(…)'))
  expect(found).toEqual([
    '/a.jpg: one',
    '/b.jpg: two | three',
    '/c.jpg: a photo of a cat.',
    '/t.jsonl:4! its field "caption" is 7; expected a text, or a list of texts',
    '/t.jsonl:5! its field "image" is empty',
    '/t.jsonl:7! not JSON (…)',
    '/t.jsonl:8! not a JSON object',
  ])
})

it('makes captions of a table’s classes', async () => {
  write({ 't.csv': 'image,label\na.jpg,cat\nb.jpg,dog\nc.jpg,\n', 'u.csv': 'image,caption,label\na.jpg,words,cat\n' })
  expect(await told('t.csv')).toEqual([
    '/a.jpg: a photo of a cat.',
    '/b.jpg: a photo of a dog.',
    '/t.csv:4! its field "label" is empty',
  ])
  expect((await openSource(join(root, 't.csv'))).labels).toEqual(['cat', 'dog'])
  expect(await told('u.csv')).toEqual(['/a.jpg: words'])
  expect(await told('u.csv', { templates: ['my {}'] })).toEqual(['/a.jpg: words'])
  expect((await told('t.csv', { templates: ['my {}'] }))[0]).toBe('/a.jpg: my cat')
})

it('says what a table without samples lacks', async () => {
  write({ 'a.csv': 'image,caption\n', 'b.csv': 'image,caption\n,x\n', 'c.csv': 'image,caption\n"a.jpg,never closed\n' })
  await expect(openSource(join(root, 'a.csv'))).rejects.toThrow(/a.csv: no row that could be used$/)
  await expect(openSource(join(root, 'b.csv'))).rejects.toThrow(/the first of 1: .*b.csv:2: its field "image" is empty/)
  await expect(openSource(join(root, 'c.csv'))).rejects.toThrow(
    /c.csv: line 2: a quote opens a field and is never closed/,
  )
})

async function shard(from: number, to: number, more: Record<string, string> = {}): Promise<Buffer> {
  const files: Record<string, Uint8Array | string> = {}
  for (let i = from; i < to; i++) {
    files[`${i}.png`] = await picture(i)
    files[`${i}.txt`] = `number ${i}`
  }
  return tarArchive({ ...files, ...more })
}

it('reads a folder of shards, a pattern, and one shard; each sample from its members', async () => {
  const image = await picture(1)
  write({
    's/a-000.tar': tarArchive({
      './x.y/000.jpg': image,
      './x.y/000.json': '{"caption": "from json", "alt": "other"}',
      './x.y/000.seg.png': image,
      '1.PNG': image,
      '1.cls': '10',
      '2.webp': image,
      '2.cls': '9',
      '2.txt': ' two\nlines ',
      '3.txt': 'no picture',
      '4.jpg': image,
      '4.json': '{broken',
      '._5.jpg': 'hidden',
    }),
    's/a-001.tar': await shard(5, 7),
    's/notes.md': '',
  })
  const first = [
    '/s/a-000.tar#./x.y/000: from json',
    '/s/a-000.tar#1: a photo of a 10.',
    '/s/a-000.tar#2: two\nlines',
    '/s/a-000.tar#3! no image among its members (txt)',
    expect.stringMatching(/^\/s\/a-000.tar#4! its .json is not JSON \(.+\)$/),
  ]
  const second = ['/s/a-001.tar#5: number 5', '/s/a-001.tar#6: number 6']
  expect(await told('s')).toEqual([...first, ...second])
  expect(await told('s/a-001.tar')).toEqual(second)
  expect(await told('s/a-{000..001}.tar')).toEqual([...first, ...second])
  expect(await told('?/*1.tar')).toEqual(second)
  expect(await told('**/a-00[1-9].tar')).toEqual(second)
  expect((await told('s/a-000.tar', { captionColumn: 'alt' }))[0]).toBe('/s/a-000.tar#./x.y/000: other')
  expect((await told('s/a-000.tar', { templates: ['class {}'] }))[1]).toBe('/s/a-000.tar#1: class 10')
  const source = await openSource(join(root, 's'))
  expect(source.labels).toEqual(['9', '10'])
  const [sample] = await all(source)
  expect(sample).toMatchObject({ image: new Uint8Array(image) })
})

it('names a torn shard and a missing one, and reads the others', async () => {
  const torn = (await shard(0, 4)).subarray(0, 5636)
  write({ 's-0.tar': torn, 's-2.tar': await shard(4, 6) })
  const found = await told('s-{0..2}.tar')
  expect(found.filter((line) => !line.includes('!'))).toEqual([
    '/s-0.tar#0: number 0',
    '/s-0.tar#1: number 1',
    '/s-2.tar#4: number 4',
    '/s-2.tar#5: number 5',
  ])
  expect(found[2]).toMatch(/^\/s-0.tar! torn at byte \d+: it ends within "2.txt"$/)
  expect(found[3]).toMatch(/^\/s-1.tar! cannot be opened \(ENOENT/)
  await expect(openSource(join(root, 's-{1..3}.tar'))).resolves.toBeDefined()
  await expect(openSource(join(root, 's-{3..4}.tar'))).rejects.toThrow(
    /no samples in 2 shards; the first, .*s-3.tar: cannot be opened/,
  )
  await expect(openSource(join(root, 'q-*.tar'))).rejects.toThrow('no file has such a name')
})

it('shuffles shards and samples, each once, and goes on from any place', async () => {
  for (let i = 0; i < 4; i++) write({ [`s-${i}.tar`]: await shard(i * 5, i * 5 + 5) })
  const source = await openSource(join(root, 's-{0..3}.tar'), { shuffleBuffer: 6 })
  const order = { seed: 3, epoch: 1, shuffle: true }
  const keysOf = (samples: (Sample | Skipped)[]) => samples.map(({ key }) => key)
  const whole = keysOf(await all(source, order))
  const plain = keysOf(await all(source))
  expect(whole).not.toEqual(plain)
  expect([...whole].sort()).toEqual([...plain].sort())
  expect(keysOf(await all(source, order))).toEqual(whole)
  expect(keysOf(await all(source, { ...order, epoch: 2 }))).not.toEqual(whole)
  for (const how of [order, natural]) {
    const expected = how === order ? whole : plain
    for (let skip = 0; skip <= 20; skip++) {
      expect(keysOf(await all(source, { ...how, skip } as typeof how))).toEqual(expected.slice(skip))
    }
  }
})

it('keeps places in the order when a shard is damaged after it was counted', async () => {
  const archive = await shard(0, 4)
  write({ 's.tar': archive, 't.tar': await shard(4, 6) })
  const source = await openSource(join(root, '{s,t}.tar'))
  archive.fill(0xaa, 4096)
  write({ 's.tar': archive })
  const found = (await all(source)).map((sample) => ('reason' in sample ? 'broken' : sample.captions[0]))
  expect(found).toEqual(['number 0', 'broken', 'broken', 'broken', 'number 4', 'number 5'])
})

it('reads shards over http, again after what passes, and the rest where a connection breaks', async () => {
  const files = { '/s-0.tar': await shard(0, 40), '/s-1.tar': await shard(40, 43), '/torn.tar': Buffer.from('x') }
  let busy = 2
  let broken = 3
  const ranges: (string | undefined)[] = []
  const server = await serve(files, (request, response) => {
    if (request.url === '/s-1.tar' && busy-- > 0) return !!response.writeHead(503).end()
    if (request.url !== '/s-0.tar') return false
    ranges.push(request.headers.range)
    const from = Number(/\d+/.exec(request.headers.range ?? '0')![0])
    if (broken-- <= 0 || from > 60_000) return false
    const data = files['/s-0.tar'].subarray(from)
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': data.length })
    response.write(data.subarray(0, 10_000), () => setTimeout(() => response.destroy(), 30))
    return true
  })
  try {
    const source = await openSource(`${server.url}/s-{0..2}.tar`, { retryDelay: 1 })
    expect(source.size).toBe(44)
    expect(ranges.length).toBe(4)
    const found = await all(source)
    const captions = found.map((sample) => ('captions' in sample ? sample.captions[0] : sample.reason))
    const numbers = Array.from({ length: 43 }, (_, i) => `number ${i}`)
    expect(captions).toEqual([...numbers, 'the server answered 404 Not Found'])
    await expect(openSource(`${server.url}/torn.tar`)).rejects.toThrow('too short for a tar archive')
    await expect(openSource(`${server.url}/page.html`)).rejects.toThrow('over http only .tar shards are read')
  } finally {
    await server.close()
  }
})

it('stops when it is told to', async () => {
  write({ 's.tar': await shard(0, 3) })
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(openSource(join(root, 's.tar'), { signal })).rejects.toThrow('enough')
})

it('expands braces', () => {
  expect(expandBraces('s-{008..010}.tar')).toEqual(['s-008.tar', 's-009.tar', 's-010.tar'])
  expect(expandBraces('{a,b}/{0..1}')).toEqual(['a/0', 'a/1', 'b/0', 'b/1'])
  expect(expandBraces('plain')).toEqual(['plain'])
  expect(() => expandBraces('{5..1}')).toThrow(UsageError)
  expect(() => expandBraces('{0..99999999}')).toThrow('more than 1000000 names')
})
