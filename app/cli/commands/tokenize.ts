// `typeclip tokenize`: texts to token ids, as `clip.tokenize` gives them.

import { UsageError } from 'typeclip/errors'
import { namedTexts } from '../inputs/texts.ts'
import { startJob } from '../outputs/job.ts'
import { defineCommand } from '../shell/command.ts'

/** The context length of CLIP's text encoder. */
const contextLength = 77

export const command = defineCommand({
  usage: '[TEXT…] [--file F] [flags]',
  about: [
    'Prints the ids of each text: start, tokens, end, without padding. A text with more than 77 tokens, start and end',
    'included, is too long for CLIP: an error, without a line of output. Texts of the command line come before the file.',
  ],
  flags: {
    file: { type: 'text', value: 'F', help: 'texts, one per line (blank lines count); - for standard input' },
    truncate: {
      type: 'switch',
      option: "onLong: 'truncate'",
      help: 'cut texts that are too long: the 77th id is the end',
    },
    json: { type: 'switch', help: 'one array of ids per line, and nothing else' },
  },
  examples: ['typeclip tokenize "hello world!"', 'typeclip tokenize --file captions.txt --truncate --json > ids.jsonl'],
  async run(words, { file, truncate, json }, terminal) {
    if (words.length === 0 && file === undefined) throw new UsageError('no text was given: words, or --file F')
    const { loadTokenizer, tokenize } = await import('typeclip/tokenizer')
    const tokenizer = await loadTokenizer()
    const job = startJob(terminal, 'text')
    for await (const { text, name } of namedTexts(words, file, terminal)) {
      const ids = idsOf(text, name)
      if (!ids) continue
      await terminal.print(json ? JSON.stringify(ids) : `${ids.join(' ')}  ${ids.map(tokenizer.piece).join(' ')}`)
      job.done()
    }
    return job.end()

    function idsOf(text: string, name: string): number[] | undefined {
      const count = tokenizer.encode(text).length
      if (count > contextLength && !truncate) {
        const reason = `${count} tokens with start and end, and CLIP reads ${contextLength}`
        job.fail(name, new Error(`${reason}; shorten it, or cut it with --truncate`))
        return undefined
      }
      const { ids, lengths } = tokenize(tokenizer, text, { contextLength, onLong: 'truncate' })
      return Array.from(ids.subarray(0, lengths[0]))
    }
  },
})
