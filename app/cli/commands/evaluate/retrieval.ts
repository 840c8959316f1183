// `typeclip evaluate retrieval`: how well captions find their image, and images their captions (§3.1).

import { UsageError } from 'typeclip/errors'
import { createPage } from '../../../report/evaluate/page.ts'
import { retrievalTable } from '../../../report/evaluate/tables.ts'
import { countingJob, openLabelledData, resultFlags } from '../../inputs/labelled-data.ts'
import { columnFlags } from '../../inputs/training-data.ts'
import { imageFlags, modelFlags, withModel } from '../../model-flags.ts'
import { defineCommand } from '../../shell/command.ts'
import { counted } from '../../shell/counted.ts'

export const command = defineCommand({
  usage: '--data CSV|SHARDS [--json] [--html FILE] [flags]',
  about: [
    'Measures recall at 1, 5 and 10 in both directions, and the median and mean rank. If an image has several captions the',
    'best one counts, as in CLIP_benchmark; "each pair" counts every caption with its image separately, as open_clip',
    'does. Captions that are too long for the model are cut.',
  ],
  flags: {
    data: {
      type: 'text',
      value: 'SOURCE',
      help: 'table (columns image and caption), shards, or folder (x.jpg, x.txt)',
    },
    ...resultFlags,
    ...columnFlags,
    ...imageFlags,
    ...modelFlags,
  },
  examples: [
    'typeclip evaluate retrieval --data captions.csv --html report.html',
    'typeclip evaluate retrieval --data "coco/{00000..00059}.tar" --json --model openai/clip-vit-base-patch32',
  ],
  async run(words, values, terminal) {
    if (words.length > 0) throw new UsageError(`retrieval takes flags only; found '${words[0]}'`)
    const { json, html } = values
    const source = await openLabelledData('--data', values.data, terminal, { classes: false, columns: values })
    const page = html === undefined ? undefined : await createPage(html)
    try {
      return await withModel(values, ['image', 'text'], terminal, async (clip) => {
        const { evaluateRetrieval } = await import('typeclip/evaluate')
        const { onSample, signal, end } = countingJob(terminal, source.size)
        const result = await evaluateRetrieval(clip, source, { onSample, signal })
        const code = end()
        const about = { task: 'retrieval' as const, model: clip.name, data: source.name }
        await page?.retrieval(about, result, clip)
        const misses = result.misses.map(({ image, found, ...miss }) => ({ ...miss, found: found.key }))
        if (json) await terminal.print(JSON.stringify({ ...about, ...result, misses }))
        else {
          const heading = `${source.name}: ${counted(result.images, 'image')}, ${counted(result.texts, 'caption')}, model ${clip.name}`
          await terminal.print([heading, '', ...retrievalTable(result)].join('\n'))
        }
        await page?.commit(terminal)
        return code
      })
    } finally {
      await page?.discard()
    }
  },
})
