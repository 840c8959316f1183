import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { captured, jsonLines } from '../../../test/cli/captured.ts'

it('prints help', async () => {
  expect((await captured(['tokenize', '--help'])).stdout).toMatchInlineSnapshot(`
    "typeclip tokenize: print the token ids of texts

    Usage: typeclip tokenize [TEXT…] [--file F] [flags]

    Prints the ids of each text: start, tokens, end, without padding. A text with more than 77 tokens, start and end
    included, is too long for CLIP: an error, without a line of output. Texts of the command line come before the file.

    Flags:
      --file F     texts, one per line (blank lines count); - for standard input
      --truncate   cut texts that are too long: the 77th id is the end
      --json       one array of ids per line, and nothing else
      -q, --quiet  no notices and no progress; errors are always shown
      -h, --help   show this text

    Examples:
      typeclip tokenize "hello world!"
      typeclip tokenize --file captions.txt --truncate --json > ids.jsonl
    "
  `)
})

it('prints the ids that clip.tokenize gives, and what they stand for', async () => {
  const { code, stdout, stderr } = await captured(['tokenize', 'hello world!'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatchInlineSnapshot(`
    "49406 3306 1002 256 49407  <|startoftext|> hello</w> world</w> !</w> <|endoftext|>
    "
  `)
})

it('reads lines that end with LF or CRLF and nothing else; blank lines count', async () => {
  const { code, stdout } = await captured(['tokenize', '--file', '-', '--json'], 'a\r\n\nb\u2028b\rb\u2029b\n b ')
  expect(code).toBe(0)
  expect(jsonLines(stdout)).toEqual([
    [49406, 320, 49407],
    [49406, 49407],
    [49406, 321, 321, 321, 321, 49407],
    [49406, 321, 49407],
  ])
})

it('names a line that is too long and does the rest; or cuts it when told', async () => {
  const input = `${'cat '.repeat(100)}\ndog\n`
  const refused = await captured(['tokenize', '--file', '-', '--json'], input)
  expect(refused).toMatchObject({ code: 1, stdout: '[49406,1929,49407]\n' })
  expect(refused.stderr).toContain('-, line 1: ')
  const [cut] = jsonLines((await captured(['tokenize', '--file', '-', '--json', '--truncate'], input)).stdout)
  expect(cut).toHaveLength(77)
  expect(cut.at(-1)).toBe(49407)
})

it('refuses a file that is not UTF-8', async () => {
  const file = join(tmpdir(), `typeclip-${process.pid}-utf16.txt`)
  await writeFile(file, Buffer.from('\ufeffa cat\n', 'utf16le'))
  expect(await captured(['tokenize', '--file', file])).toMatchObject({
    code: 2,
    stderr: `typeclip: ${file}: this is UTF-16; save the file as UTF-8\n`,
  })
})
