// `typeclip classify`: zero-shot classification of images with the user's labels (§3.1).

import type { Label } from 'typeclip'
import { UsageError } from 'typeclip/errors'
import { findImages, imageWords } from '../inputs/images.ts'
import { calibrationOf, templatesOf } from '../inputs/labelled-data.ts'
import { readLines } from '../inputs/lines.ts'
import { addressFlags, imageFlags, longTextFlags, modelFlags, onLong, withModel } from '../model-flags.ts'
import { noImages, streamFound } from '../outputs/embeddings.ts'
import { startJob } from '../outputs/job.ts'
import { defineCommand } from '../shell/command.ts'
import { counted, percent } from '../shell/counted.ts'
import { displayWidth, onOneLine, padded, table } from '../shell/table.ts'
import type { Terminal } from '../shell/terminal.ts'

const defaultTop = 5
const barLength = 20
/** More images than this get one line each. */
const maxBlocks = 10
/** Columns of a terminal. */
const [maxPath, maxLabel] = [60, 40]
const noneOfThese = 'none of these'

export const command = defineCommand({
  usage: 'IMAGE… --labels "cat,dog" | --labels-file F [flags]',
  about: [
    ...imageWords,
    'Scores are a softmax over all labels, with the model’s own logit scale. More than ten images get one line each:',
    'path, best label, score; with --top 2 or more they get a block each. --json writes one object per line.',
    '--labels imagenet means ImageNet’s 1,000 class names. --template imagenet means the 80 templates of the paper’s',
    'ensemble, and imagenet-simple seven of them, nearly as good. A model folder with a trained classifier predicts with',
    'that: labels then select some of its classes, and templates do not apply.',
  ],
  flags: {
    labels: { type: 'text', value: 'L,L', help: 'labels, separated by commas' },
    labelsFile: { type: 'text', value: 'F', help: 'labels, one per line, blank lines ignored; - for standard input' },
    template: {
      type: 'texts',
      option: 'templates',
      value: 'T',
      help: 'prompt with {} for the label. Default: "a photo of a {}."',
    },
    top: { type: 'count', value: 'K', help: `show only the K best labels. Default: ${defaultTop}; with --json all` },
    json: { type: 'switch', help: 'one line per image: {"path", "labels": [{"label", "score"}…]}, best first' },
    calibration: {
      type: 'text',
      value: 'F',
      help: 'file of evaluate calibrate; adds "answer", which may be "none of these"',
    },
    ...longTextFlags,
    ...imageFlags,
    ...addressFlags,
    ...modelFlags,
  },
  examples: [
    'typeclip classify photo.jpg --labels "a cat,a dog"',
    'typeclip classify photos --labels-file labels.txt --template imagenet --json > labels.jsonl',
    'typeclip classify "photos/**/*.png" --labels imagenet --model openai/clip-vit-base-patch32',
  ],
  async run(words, values, terminal) {
    if (words.includes('-') && values.labelsFile === '-') {
      throw new UsageError('standard input can be read once: for the image, or for --labels-file')
    }
    const long = onLong(values)
    const { distinctLabels, openClassifier, rankScores } = await import('typeclip')
    const given = await templatesOf(values.template)
    const { trained, towers, ...opened } = await openClassifier(values.model, { templates: given })
    const calibration = await calibrationOf(values.calibration, values.model, terminal)
    const names = await labelNames(values, trained?.names ?? calibration?.names, terminal)
    if (calibration && !sameNames(names, calibration.names)) {
      terminal.note(`${values.calibration} was fitted with other labels: its threshold is only approximate for these`)
    }
    const found = await findImages(words, terminal)
    if (found.images.length === 0) return noImages(found, terminal)
    const templates = given ?? calibration?.templates
    return withModel(values, towers, terminal, async (clip) => {
      terminal.status(`embedding ${counted(names.length, 'label')} with ${counted(templates?.length ?? 1, 'template')}`)
      const distinct = trained ? { labels: names, alike: [] } : distinctLabels(clip, names)
      noteAlike(distinct.alike, terminal)
      const scorer = await opened.scorer(clip, distinct.labels, { templates, onLong: long, signal: terminal.signal })
      const short =
        found.images.length > maxBlocks && (values.top ?? 1) === 1 ? oneLine(found.images, names) : undefined
      const job = startJob(terminal, 'image', found.images.length)
      for await (const { path, scores } of streamFound(scorer.scores, found, { terminal, job })) {
        const top = values.top ?? (values.json ? Infinity : defaultTop)
        const labels = rankScores(scorer.names, scores, top, calibration?.temperature)
        const none = calibration && scores.every((score) => score < calibration.threshold)
        const answer = calibration && { answer: none ? noneOfThese : labels[0]!.label }
        if (values.json) await terminal.print(JSON.stringify({ path, ...answer, labels }))
        else await terminal.print(short ? short(path, labels[0]!, none === true) : block(path, labels, none === true))
      }
      return job.end()
    })
  },
})

/** @param defaults the labels if none are given */
async function labelNames(
  { labels, labelsFile }: { labels: string | undefined; labelsFile: string | undefined },
  defaults: readonly string[] | undefined,
  terminal: Terminal,
): Promise<readonly string[]> {
  if (labels === undefined && labelsFile === undefined && defaults) return defaults
  const names: string[] = []
  if (labels === 'imagenet') names.push(...(await import('typeclip')).imagenetClassNames)
  else names.push(...(labels ?? '').split(','))
  if (labelsFile !== undefined) for await (const { text } of readLines(labelsFile, terminal)) names.push(text)
  const given = names.map((name) => name.trim()).filter((name) => name !== '')
  if (given.length === 0) throw new UsageError('no labels were given: --labels "a cat,a dog", or --labels-file F')
  if (labels !== 'imagenet') noteAlike(alikeOf(given), terminal)
  return [...new Set(given)]
}

/** Labels that were given more than once. */
const alikeOf = (given: readonly string[]): string[][] =>
  [...new Set(given)].filter((name) => given.indexOf(name) !== given.lastIndexOf(name)).map((name) => [name])

function noteAlike(alike: readonly string[][], terminal: Terminal): void {
  if (alike.length === 0) return
  const some = alike.slice(0, 5).map((group) => group.join(' = '))
  terminal.note(
    `labels that are given twice, or have the same tokens, count once: ${some.join(', ')}${alike.length > 5 ? ', …' : ''}`,
  )
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name))

function block(path: string, labels: readonly Label[], none: boolean): string {
  const rows = labels.map(({ label, score }) => [
    `  ${onOneLine(label)}`,
    percent(score),
    '█'.repeat(Math.round(score * barLength)),
  ])
  return [onOneLine(path), ...(none ? [`  ${noneOfThese}`] : []), ...table(rows, ['left', 'right', 'left'])].join('\n')
}

/** A line for each image: path, best label, score. The columns line up unless a name is too long. */
function oneLine(images: readonly { path: string }[], names: readonly string[]) {
  const widest = (texts: readonly string[], limit: number) =>
    texts.reduce((width, text) => Math.min(limit, Math.max(width, displayWidth(text))), 0)
  const pathWidth = widest(
    images.map(({ path }) => onOneLine(path)),
    maxPath,
  )
  const labelWidth = widest([...names, noneOfThese], maxLabel)
  return (path: string, { label, score }: Label, none: boolean): string =>
    none
      ? `${padded(onOneLine(path), pathWidth)}  ${noneOfThese}`
      : `${padded(onOneLine(path), pathWidth)}  ${padded(onOneLine(label), labelWidth)}  ${percent(score).padStart(7)}`
}
