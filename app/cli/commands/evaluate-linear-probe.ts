// `typeclip evaluate linear-probe`: logistic regression on the image tower's features (§3.2).

import { defineCommand } from '../command.ts'
import { countingJob, openData, resultFlags } from '../evaluate/data.ts'
import { createPage } from '../evaluate/page.ts'
import { classificationTable, percent } from '../evaluate/tables.ts'
import { imageFlags, modelFlags, withModel } from '../model.ts'
import { columnFlags } from '../training-data.ts'
import { UsageError } from '../usage-error.ts'
import { classificationJson, heading } from './evaluate-zero-shot.ts'

export const command = defineCommand({
  usage: '--train FOLDER --test FOLDER [--json] [--html FILE] [flags]',
  about: [
    'Fits logistic regression to the image embeddings of one labelled data set and judges it by another: what the image',
    'tower knows, whatever the words. As in OpenAI’s README: embeddings as they come, C = 0.316. The paper’s numbers use',
    '--sweep, and for Vision Transformers --before-projection.',
  ],
  flags: {
    train: { type: 'text', value: 'SOURCE', help: 'a folder of class folders, a table, or .tar shards' },
    test: { type: 'text', value: 'SOURCE', help: 'the same classes, other pictures' },
    c: { type: 'number', value: 'C', above: 0, help: 'the inverse of the penalty, as in scikit-learn; else 0.316' },
    sweep: { type: 'switch', help: 'choose C between 1e-6 and 1e6 by a tenth of the training pictures' },
    beforeProjection: {
      type: 'switch',
      help: 'of a Vision Transformer, what its last projection is given; a ResNet has none',
    },
    seed: { type: 'count', value: 'N', from: 0, help: 'which tenth; else 0' },
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
    const train = await openData('--train', values.train, terminal, { classes: true, columns: values })
    const test = await openData('--test', values.test, terminal, { classes: true, columns: values })
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
            terminal.status(`C = ${C.toPrecision(3)}: ${percent(accuracy)} of those held out`),
          signal: job.signal,
        })
        const code = job.end()
        if (!probe.converged)
          terminal.note('the fit ended before its tolerance was met; its numbers may be a little low')
        const about = { task: 'linear-probe' as const, model: clip.name, data: test.name, train: train.name }
        await page?.classification(about, result, clip)
        const { C, steps, loss } = probe
        const fitted = { C, steps, loss, width, nTrain: trained.n, sweep: probe.sweep }
        if (json) await terminal.print(classificationJson({ ...about, ...fitted }, result))
        else {
          const fit = `C = ${C.toPrecision(3)}, fitted to ${trained.n} pictures of ${train.name}`
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
