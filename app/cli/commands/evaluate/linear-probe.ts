// `typeclip evaluate linear-probe`: logistic regression on the features of the image encoder (§3.2).

import { UsageError } from 'typeclip/errors'
import { createPage } from '../../../report/evaluate/page.ts'
import { classificationTable } from '../../../report/evaluate/tables.ts'
import { countingJob, openLabelledData, resultFlags } from '../../inputs/labelled-data.ts'
import { columnFlags } from '../../inputs/training-data.ts'
import { imageFlags, modelFlags, withModel } from '../../model-flags.ts'
import { defineCommand } from '../../shell/command.ts'
import { counted, percent } from '../../shell/counted.ts'
import { classificationJson, heading } from './zero-shot.ts'

export const command = defineCommand({
  usage: '--train FOLDER --test FOLDER [--json] [--html FILE] [flags]',
  about: [
    'Fits logistic regression to the image embeddings of one labelled data set and measures accuracy on another: this',
    'measures the image encoder alone. By default as in OpenAI’s README: unnormalised embeddings, C = 0.316. For the',
    'paper’s numbers use --sweep, and for Vision Transformers --before-projection.',
  ],
  flags: {
    train: { type: 'text', value: 'SOURCE', help: 'folder of class folders, table, or .tar shards' },
    test: { type: 'text', value: 'SOURCE', help: 'the same classes, other images' },
    c: {
      type: 'number',
      option: 'C',
      value: 'C',
      above: 0,
      help: 'inverse regularisation strength, as in scikit-learn. Default: 0.316',
    },
    sweep: { type: 'switch', help: 'choose C between 1e-6 and 1e6 on 10 % of the training images' },
    beforeProjection: {
      type: 'switch',
      help: 'Vision Transformer: use the input of its last projection; a ResNet has none',
    },
    seed: { type: 'count', value: 'N', from: 0, help: 'random seed of the 10 %. Default: 0' },
    ...resultFlags,
    ...columnFlags,
    ...imageFlags,
    ...modelFlags,
  },
  examples: [
    'typeclip evaluate linear-probe --train photos/train --test photos/val',
    'typeclip evaluate linear-probe --train photos/train --test photos/val --sweep --before-projection --model ViT-B/32',
  ],
  async run(words, values, terminal) {
    if (words.length > 0) throw new UsageError(`linear-probe takes flags only; found '${words[0]}'`)
    const { json, html, sweep, c, seed, beforeProjection } = values
    if (sweep && c !== undefined) throw new UsageError('--sweep chooses C; give one of --sweep and --c')
    const train = await openLabelledData('--train', values.train, terminal, { classes: true, columns: values })
    const test = await openLabelledData('--test', values.test, terminal, { classes: true, columns: values })
    const page = html === undefined ? undefined : await createPage(html)
    try {
      return await withModel(values, ['image'], terminal, async (clip) => {
        const { evaluateLinearProbe } = await import('typeclip/evaluate')
        const job = countingJob(terminal, train.size + test.size)
        const { probe, trained, width, ...result } = await evaluateLinearProbe(clip, train, test, {
          C: c,
          sweep,
          beforeProjection,
          seed,
          onSample: job.onSample,
          onFit: ({ C, accuracy }) =>
            terminal.status(`C = ${C.toPrecision(3)}: ${percent(accuracy)} of the held-out images`),
          signal: job.signal,
        })
        const code = job.end()
        if (!probe.converged) terminal.note('the fit stopped before it converged; its numbers may be a little low')
        const about = { task: 'linear-probe' as const, model: clip.name, data: test.name, train: train.name }
        await page?.classification(about, result, clip)
        const { C, steps, loss } = probe
        const fitted = { C, steps, loss, width, nTrain: trained.n, sweep: probe.sweep }
        if (json) await terminal.print(classificationJson({ ...about, ...fitted }, result))
        else {
          const fit = `C = ${C.toPrecision(3)}, fitted to ${counted(trained.n, 'image')} of ${train.name}`
          await terminal.print([heading(about, result), fit, '', ...classificationTable(result)].join('\n'))
        }
        await page?.commit(terminal)
        return code
      })
    } finally {
      await page?.discard()
    }
  },
})
