// `typeclip models`: the names that --model takes, and which models are on this machine.

import { statSync } from 'node:fs'
import { UsageError } from 'typeclip/errors'
import { defineCommand } from '../shell/command.ts'
import { megabytes } from '../shell/counted.ts'
import { libraryFile } from '../shell/installation.ts'
import { table } from '../shell/table.ts'

export const command = defineCommand({
  usage: '[flags]',
  about: [
    'Lists OpenAI’s models, some of the Hugging Face hub, and those in the cache. --model also takes any other hub id',
    '(organisation/name, optionally with hf-hub: in front or @revision at the end), a folder or a file.',
  ],
  flags: { json: { type: 'switch', help: 'one line per model: {"name", "from", "cached": {"path", "bytes"}}' } },
  examples: ['typeclip models', 'typeclip classify photo.jpg --labels "a cat,a dog" --model ViT-B/32'],
  async run(words, { json }, terminal) {
    if (words.length > 0) throw new UsageError(`models takes no words; found '${words[0]}'`)
    const { listModels } = await import('typeclip')
    const models = await listModels()
    if (json) {
      for (const model of models) await terminal.print(JSON.stringify(model))
      return 0
    }
    const shipped = libraryFile('models', 'starter', 'open_clip_model.safetensors')
    const rows = [
      ['(default)', 'ships with typeclip', megabytes(statSync(shipped).size), shipped],
      ...models.map(({ name, from, cached }) => [
        name,
        from === 'openai' ? 'OpenAI' : 'Hugging Face hub',
        cached ? megabytes(cached.bytes) : '',
        cached?.path ?? 'downloaded when first used',
      ]),
    ]
    for (const line of table(rows, ['left', 'left', 'right', 'left'])) await terminal.print(line)
    return 0
  },
})
