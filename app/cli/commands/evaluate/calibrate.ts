// `typeclip evaluate calibrate`: a temperature for the probabilities, and a threshold for "none of these".

import { UsageError } from 'typeclip/errors'
import { countingJob, openLabelledData, templatesOf, wordFlags, wordsOf } from '../../inputs/labelled-data.ts'
import { columnFlags } from '../../inputs/training-data.ts'
import { imageFlags, modelFlags, withModel } from '../../model-flags.ts'
import { createAtomicFile } from '../../outputs/atomic-file.ts'
import { defineCommand } from '../../shell/command.ts'
import { percent } from '../../shell/counted.ts'
import { table } from '../../shell/table.ts'

export const command = defineCommand({
  usage: '--data FOLDER --out FILE [flags]',
  about: [
    'Fits two numbers to labelled images: a temperature that makes the scores match the share of correct predictions, and',
    'a threshold: if the largest logit is below it, the prediction is "none of these". --none gives images that match no',
    'label; without it each image is used a second time without its own label. classify and evaluate zero-shot read the file.',
  ],
  flags: {
    data: {
      type: 'text',
      value: 'SOURCE',
      help: 'class folders, a table with labels, or shards; not the data you test on later',
    },
    out: { type: 'text', value: 'FILE', help: 'calibration file to write, JSON; an existing file is replaced' },
    none: { type: 'text', value: 'FOLDER', help: 'images that match none of the labels, in folders of any names' },
    precision: {
      type: 'number',
      value: 'P',
      above: 0,
      below: 1,
      help: 'share of predictions that must be right. Default: the threshold with the best F1',
    },
    ...wordFlags,
    json: { type: 'switch', help: 'the calibration and its accuracy, as one object' },
    ...columnFlags,
    ...imageFlags,
    ...modelFlags,
  },
  examples: [
    'typeclip evaluate calibrate --data photos/val --out calibration.json',
    'typeclip evaluate calibrate --data photos/val --none other-photos --precision 0.95 --out calibration.json',
    'typeclip classify photo.jpg --labels "rose,tulip" --calibration calibration.json',
  ],
  async run(words, values, terminal) {
    if (words.length > 0) throw new UsageError(`calibrate takes flags only; found '${words[0]}'`)
    const { out, json, model, precision } = values
    if (out === undefined) throw new UsageError('--out is missing: the file to write the calibration to')
    const { openClassifier } = await import('typeclip')
    const templates = await templatesOf(values.template)
    const { trained: classifier, towers } = await openClassifier(model, { templates })
    const classnames = await wordsOf(values.classnames)
    const source = await openLabelledData('--data', values.data, terminal, { classes: true, columns: values })
    const none =
      values.none === undefined
        ? undefined
        : await openLabelledData('--none', values.none, terminal, { classes: true, columns: values })
    const file = await createAtomicFile(out)
    try {
      return await withModel(values, towers, terminal, async (clip) => {
        const { calibrate, calibrationJson } = await import('typeclip/evaluate')
        const { onSample, signal, end } = countingJob(terminal, source.size + (none?.size ?? 0))
        const { calibration, before, after, skipped } = await calibrate(clip, source, {
          templates,
          words: classnames,
          classifier,
          none,
          precision,
          onSample,
          signal,
        })
        const code = end()
        await file.handle.writeFile(calibrationJson(calibration))
        await file.commit()
        if (json) await terminal.print(JSON.stringify({ ...calibration, before, after, skipped }))
        else {
          const rows = [
            ['temperature', calibration.temperature.toPrecision(4), ''],
            ['threshold', calibration.threshold.toPrecision(4), 'largest logit; below it, "none of these"'],
            ['precision', percent(calibration.precision), 'share of predictions that are right'],
            ['recall', percent(calibration.recall), 'share of images with a known label that are classified correctly'],
            [
              'rejected',
              percent(calibration.rejected),
              `share of images that match no label (${calibration.none}) that are rejected`,
            ],
            [
              'calibration error',
              percent(after.expectedCalibrationError),
              `${percent(before.expectedCalibrationError)} without the temperature`,
            ],
          ]
          await terminal.print([...table(rows, ['left', 'right', 'left']), '', `written to ${out}`].join('\n'))
        }
        return code
      })
    } finally {
      await file.discard()
    }
  },
})
