// `typeclip evaluate zero-shot`: accuracy of prompts, or of a trained classifier, on a labelled data set (§3.1).

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from 'typeclip/errors'
import type { ClassificationResult } from 'typeclip/evaluate'
import type { Explainer } from 'typeclip/inspect'
import { explainedMistakes, mistakenClassifier } from '../../../report/evaluate/explained.ts'
import { createPage } from '../../../report/evaluate/page.ts'
import { classificationTable } from '../../../report/evaluate/tables.ts'
import {
  calibrationOf,
  countingJob,
  noteUnknownClasses,
  openLabelledData,
  resultFlags,
  templatesOf,
  wordFlags,
  wordsOf,
} from '../../inputs/labelled-data.ts'
import { columnFlags } from '../../inputs/training-data.ts'
import { imageFlags, modelFlags, withModel } from '../../model-flags.ts'
import { defineCommand } from '../../shell/command.ts'
import { counted } from '../../shell/counted.ts'

export const command = defineCommand({
  usage: '--data FOLDER|CSV|SHARDS [--template T]… [--json] [--html FILE] [flags]',
  about: [
    'Measures top-1 and top-5 accuracy, the mean over classes, each class, and calibration; --html adds the confusion',
    'matrix, the reliability diagram and the worst mistakes as images. An image’s class is the name of its innermost',
    'folder, the label column of a table, or the .cls member of a shard. A model folder with a trained classifier',
    'predicts with that, and templates do not apply.',
  ],
  flags: {
    data: {
      type: 'text',
      value: 'SOURCE',
      help: 'folder of class folders, table (.csv, .tsv, .jsonl) or .tar shards',
    },
    ...wordFlags,
    calibration: { type: 'text', value: 'FILE', help: 'file of evaluate calibrate: its temperature and its threshold' },
    ...resultFlags,
    explain: { type: 'switch', help: 'with --html: draw on the worst mistakes what led to the wrong class' },
    ...columnFlags,
    ...imageFlags,
    ...modelFlags,
  },
  examples: [
    'typeclip evaluate zero-shot --data photos --html report.html',
    'typeclip evaluate zero-shot --data photos --template "a photo of a {}, a type of flower." --json',
    'typeclip evaluate zero-shot --data "val/{000..012}.tar" --classnames words.json --template imagenet',
  ],
  async run(words, values, terminal) {
    if (words.length > 0) throw new UsageError(`zero-shot takes flags only; found '${words[0]}'`)
    const { json, html, model, explain } = values
    if (explain && html === undefined) throw new UsageError('--explain draws on the page; give --html FILE too')
    const { openClassifier } = await import('typeclip')
    const templates = await templatesOf(values.template)
    const { trained: classifier, towers } = await openClassifier(model, { templates })
    const classnames = await wordsOf(values.classnames)
    const calibration = await calibrationOf(values.calibration, model, terminal)
    const source = await openLabelledData('--data', values.data, terminal, { classes: true, columns: values })
    if (!classifier) noteUnknownClasses(classnames, source.labels ?? [], terminal)
    const page = html === undefined ? undefined : await createPage(html)
    try {
      return await withModel(values, towers, terminal, async (clip) => {
        const { evaluateClassifier, evaluateZeroShot } = await import('typeclip/evaluate')
        const explainer = explain ? (await import('typeclip/inspect')).createExplainer(clip) : undefined
        const job = countingJob(terminal, source.size)
        const options = { words: classnames, calibration, onSample: job.onSample, signal: job.signal }
        const result = classifier
          ? await evaluateClassifier(clip, classifier, source, options)
          : await evaluateZeroShot(clip, source, { ...options, templates })
        const code = job.end()
        const about = {
          task: 'zero-shot' as const,
          model: clip.name,
          data: source.name,
          classifier: classifier && (await methodOf(model!)),
        }
        const explained = explainer && result.mistakes.length > 0 ? await explainAll(explainer) : undefined
        await page?.classification(about, result, clip, explained)
        if (json) await terminal.print(classificationJson(about, result))
        else await terminal.print([heading(about, result), '', ...classificationTable(result)].join('\n'))
        await page?.commit(terminal)
        return code

        async function explainAll(explainer: Explainer) {
          const used = classifier ?? (await mistakenClassifier(result, clip, templates ?? calibration?.templates))
          return explainedMistakes(result, used, explainer, clip).finally(() => explainer.dispose())
        }
      })
    } finally {
      await page?.discard()
    }
  },
})

/** The method that trained the classifier of a folder, from its `result.json`. */
async function methodOf(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'result.json'), 'utf8').catch(() => '{}')
  try {
    return String(JSON.parse(text).method ?? 'unknown method')
  } catch {
    return 'unknown method'
  }
}

export const heading = (
  { model, data, classifier }: { model: string; data: string; classifier?: string | undefined },
  result: ClassificationResult,
): string =>
  `${data}: ${counted(result.n, 'image')}, ${counted(result.classes.length, 'class', 'classes')}, model ${model}` +
  (classifier === undefined ? '' : `, its trained classifier (${classifier})`)

/** Without the images themselves. */
export const classificationJson = (about: Record<string, unknown>, result: ClassificationResult): string =>
  JSON.stringify({
    ...about,
    ...result,
    mistakes: result.mistakes.map(({ image, ...mistake }) => mistake),
  })
