import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { commands } from '../run.ts'
import { withFlagNames } from './flag-names.ts'

const library = fileURLToPath(new URL('../../../src', import.meta.url))
const files = readdirSync(library, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => ({ file, text: readFileSync(join(library, file), 'utf8') }))

/** Every string of a file that is not an import's, with its escapes undone; code between `${` and `}` is left out. */
function strings(text: string): string[] {
  const code = text.replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '')
  const literal = /`(?:\\.|\$\{[^`]*?\}|[^`\\])*`|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g
  return Array.from(code.matchAll(literal), ([found]) =>
    found
      .slice(1, -1)
      .replaceAll(/\\([`'"])/g, '$1')
      .replaceAll(/\$\{[^}]*\}/g, '…'),
  )
}

it('the library names no flag in its messages', () => {
  const wrong = files.flatMap(({ file, text }) =>
    strings(text)
      // A string without a space is no message.
      .filter((string) => string.includes(' '))
      .filter((string) => /(^|[\s("'`])--[a-z]/.test(string) || /\btypeclip [a-z-]+ (?=--|[A-Z])/.test(string))
      .map((string) => `${file}: ${string}`),
  )
  expect(wrong).toEqual([])
})

const messages = files.flatMap(({ file, text }) =>
  strings(text).flatMap((string) =>
    Array.from(string.matchAll(/`([a-z][A-Za-z0-9]*)(?:: '[a-z-]+')?`/gi), ([, option]) => ({ file, option: option! })),
  ),
)

it('names in its messages only options that there are', () => {
  const declared = new Set(
    files.flatMap(({ text }) => Array.from(text.matchAll(/^\s+(?:readonly )?(\w+)\??:\s/gm), ([, name]) => name!)),
  )
  expect(messages.length).toBeGreaterThan(20)
  expect(messages.filter(({ option }) => !declared.has(option))).toEqual([])
})

it('spells an option as the flag of the command that is run', async () => {
  const spell = async (name: string, message: string) =>
    withFlagNames(message, (await commands[name]!.load()).command.flags)
  expect(await spell('train', 'a lower `learningRate`, or `clipGradient`')).toBe('a lower --lr, or --clip-grad')
  expect(await spell('finetune', 'a smaller `contextLength`, with `words`')).toBe(
    'a smaller --context, with --classnames',
  )
  expect(await spell('train', 'name it with `imageColumn`')).toBe('name it with --image-column')
  expect(await spell('figure2', 'a smaller `batch`')).toBe('a smaller --batch')
  expect(await spell('embed', "cut it with `onLong: 'truncate'`")).toBe('cut it with --truncate')
  expect(await spell('models', 'a smaller `batch`')).toBe('a smaller `batch`')
})

it('says for each flag which option it sets, and no two flags of a command set the same', async () => {
  for (const [name, { load }] of Object.entries(commands)) {
    const options = Object.entries((await load()).command.flags).map(([flag, { option }]) => option ?? flag)
    expect(options, name).toEqual([...new Set(options)])
  }
})
