import { mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { captured } from '../../test/cli/captured.ts'
import { run } from './run.ts'
import { cliFile } from './shell/installation.ts'

it('prints help on standard output, and loads no model for it', async () => {
  const { code, stdout, stderr } = await captured(['--help'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatchInlineSnapshot(`
    "typeclip: images and texts in one space, with any CLIP

    Usage: typeclip COMMAND …

      classify               find which of your labels fits each image
      embed                  write embeddings of images and texts to a file
      similarity             compare images with texts
      train                  train a CLIP on images and captions
      finetune               adapt a model to your own classes
      evaluate zero-shot     measure classification accuracy on labelled images
      evaluate retrieval     measure how well captions and images find each other
      evaluate linear-probe  measure logistic regression on image embeddings
      evaluate calibrate     fit a temperature, and a threshold for "none of these"
      figure2                reproduce the paper's Figure 2 at a small size
      tokenize               print the token ids of texts
      preprocess             write the pixels that a model reads
      inspect                show both encoders step by step
      models                 list the names that --model takes
      convert                convert a checkpoint to another project's format
      doctor                 check this machine against reference values

    typeclip help COMMAND (or COMMAND --help) describes a command; typeclip --version prints the version.
    Guides, objectives, benchmarks: README.md, docs/en and docs/zh (中文) in the repository of typeclip.

    Without --model the small model that ships with typeclip is used; typeclip models lists others.
    -q, --quiet or TYPECLIP_QUIET=1: no notices and no progress; errors are always shown.
    Exit codes: 0 all done; 1 some inputs failed (each named on standard error, the rest done);
    2 wrong use, or nothing could be done.
    "
  `)
})

it.each([
  [[], 'a command is missing'],
  [['clasify'], "there is no command 'clasify'; did you mean classify?"],
  [['classify', 'a.jpg', '--lables', 'x'], 'there is no flag --lables; did you mean --labels?'],
  [['classify', 'a.jpg', '-x'], 'there is no flag -x; a word that begins with - comes after --'],
  [['classify', 'a.jpg', '--labels'], '--labels needs a value: --labels L,L'],
  [['classify', 'a.jpg', '--labels', '--json'], '--labels needs a value, and the flag --json follows it'],
  [['classify', 'a.jpg', '--labels', 'a', '--labels', 'b'], '--labels was given twice'],
  [['classify', 'a.jpg', '--labels', 'a', '--top', '0'], "--top takes a whole number from 1 on; found '0'"],
  [['classify', 'a.jpg', '--labels', 'a', '--json=yes'], "--json takes no value; found 'yes'"],
  [['classify', 'a.jpg', '--labels', 'a', '--order', 'x'], "--order is one of openai, hf; found 'x'"],
  [['classify', '--labels', 'a'], 'no image was given'],
  [['classify', 'a.jpg'], 'no labels were given'],
  [['classify', '-', '--labels-file', '-'], 'standard input can be read once'],
  [['classify', '-', '-', '--labels', 'a'], 'standard input, and it can be read once'],
  [['embed', '--out', 'a.npy'], 'nothing to embed'],
  [['embed', 'a.jpg'], '--out is missing'],
  [['embed', 'a.jpg', '--out', 'a.csv'], 'the name has to end in .npy or .safetensors or .jsonl'],
  [['embed', 'a.jpg', '--out', 'nowhere/a.npy'], 'there is no folder nowhere; make it first'],
  [['embed', '--text', 'a', '--out', 'a.npy', '--truncate', '--chunk'], 'two answers to the same question'],
  [['similarity', 'a.jpg'], 'no text was given'],
  [['tokenize'], 'no text was given'],
  [['tokenize', '--file', 'nowhere.txt'], 'nowhere.txt cannot be read'],
  [['preprocess', 'a.jpg'], '--out is missing'],
])('%j is wrong use: exit code 2 and one sentence', async (argv, message) => {
  const { code, stdout, stderr } = await captured(argv)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
  expect(stderr).not.toContain('    at ')
})

it("names its flags where the library's errors name options", async () => {
  const picture = fileURLToPath(new URL('../../examples/pictures/hat.jpg', import.meta.url))
  const long = await captured(['classify', picture, '--labels', 'a hat '.repeat(40)])
  expect(long.stderr).toContain('shorten it, cut it with --truncate, or split it with --chunk')
  const large = await captured(['classify', picture, '--labels', 'hat', '--max-pixels', '9'])
  expect(large.stderr).toContain('raise --max-pixels')
})

it('draws progress where someone watches, and takes it away', async () => {
  const stderr = Object.assign(new PassThrough(), { isTTY: true })
  const stdout = new PassThrough()
  const code = await run(['tokenize', 'a', 'b'], { stdin: Readable.from([]), stdout, stderr })
  const drawn = String(stderr.read())
  expect(code).toBe(0)
  expect(drawn).toContain('0 texts')
  expect(drawn.endsWith('\r\u001b[K')).toBe(true)
})

it.each(['texts', 'images'])('interrupted among %s: exit code 130, and nothing half-written', async (kind) => {
  const folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
  const texts = join(folder, 'texts.txt')
  await writeFile(texts, 'a red shirt\n'.repeat(100_000))
  const inputs = kind === 'texts' ? ['--text-file', texts] : Array(2000).fill(cliFile('golden', 'clouds.jpg'))
  const interruption = new AbortController()
  const streams = { stdin: Readable.from([]), stdout: new PassThrough(), stderr: new PassThrough() }
  setTimeout(() => interruption.abort(), 500)
  const code = await run(['embed', ...inputs, '--out', join(folder, 'x.npy')], streams, interruption.signal)
  expect(code).toBe(130)
  expect(await readdir(folder)).toEqual(['texts.txt'])
})

it.each([['--version'], ['-v'], ['-V'], ['version']])('typeclip %s prints the version', async (word) => {
  const { code, stdout, stderr } = await captured([word])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

it.each([
  [['help'], ['--help']],
  [
    ['help', 'classify'],
    ['classify', '--help'],
  ],
  [
    ['help', 'evaluate'],
    ['evaluate', '--help'],
  ],
  [
    ['help', 'evaluate', 'zero-shot'],
    ['evaluate', 'zero-shot', '-h'],
  ],
])('%j is %j', async (asked, same) => {
  const { code, stdout } = await captured(asked)
  expect(code).toBe(0)
  expect(stdout).toBe((await captured(same)).stdout)
  expect(stdout).toContain('Usage: typeclip')
})

it('mentions the documents in both languages', async () => {
  expect((await captured(['--help'])).stdout).toContain('README.md, docs/en and docs/zh')
})

/** A run with a terminal on standard error. */
async function onTerminal(argv: readonly string[]): Promise<string> {
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 100 })
  expect(await run(argv, { stdin: Readable.from([]), stdout: new PassThrough(), stderr })).toBe(0)
  return String(stderr.read() ?? '')
}

it('says on a terminal, in one line, that the starter model is used, and nothing with --quiet', async () => {
  const call = ['classify', cliFile('golden', 'clouds.jpg'), '--labels', 'a sky,a cat']
  const drawn = await onTerminal(call)
  expect(drawn.match(/^.*starter model.*$/gm)).toEqual([expect.stringContaining('give --model, such as ViT-B/32')])
  expect(await onTerminal([...call, '--quiet'])).toBe('')
  expect(await onTerminal(['-q', ...call])).toBe('')
  expect((await captured(call)).stderr).toBe('')
})

it('is silenced by TYPECLIP_QUIET=1, but for errors', async () => {
  process.env.TYPECLIP_QUIET = '1'
  try {
    const call = ['classify', cliFile('golden', 'clouds.jpg'), 'nowhere.jpg', '--labels', 'a sky,a cat']
    const { code, stderr } = await captured(call)
    expect(code).toBe(1)
    expect(stderr).toBe('typeclip: nowhere.jpg: no such file or folder\ntypeclip: 1 of 2 inputs failed\n')
    expect(await onTerminal(call.filter((word) => word !== 'nowhere.jpg'))).toBe('')
  } finally {
    delete process.env.TYPECLIP_QUIET
  }
})

it('shows a bug with its stack, and asks for a report', async () => {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  stdout.write = () => {
    throw new RangeError('not expected')
  }
  expect(await run(['tokenize', 'a'], { stdin: Readable.from([]), stdout, stderr })).toBe(2)
  expect(String(stderr.read())).toMatch(
    /^typeclip: internal error, please report it:\nRangeError: not expected\n {4}at /,
  )
})

it('doctor finds that this machine gives the numbers of the reference', async () => {
  const { code, stdout } = await captured(['doctor', '--json'])
  const { ok, checks } = JSON.parse(stdout)
  expect(checks.filter((check: { ok: boolean }) => !check.ok)).toEqual([])
  expect({ ok, code }).toEqual({ ok: true, code: 0 })
})

it('finds its own files', async () => {
  expect(await readdir(cliFile('golden'))).toContain('golden.json')
})
