// `typeclip classify`: zero-shot classification (§3.1) of images with labels in words.

import type { Label } from 'typeclip'
import { defineCommand } from '../command.ts'
import { embedImages, noImages } from '../embeddings.ts'
import { calibrationOf } from '../evaluate/data.ts'
import { findImages } from '../images.ts'
import { startJob } from '../job.ts'
import { readLines } from '../lines.ts'
import { imageFlags, longTextFlags, modelFlags, onLong, withModel } from '../model.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

const shownLabels = 5
const barLength = 20
const noneOfThese = 'none of these'

export const command = defineCommand({
  usage: 'IMAGE… --labels "cat,dog" | --labels-file F [flags]',
  about: [
    'IMAGE is a file, a folder (every image in it and below), a glob, an http(s) address, or - for the bytes of',
    'one image on standard input. Scores are a softmax over all labels at the model’s own scale.',
    '--labels imagenet stands for ImageNet’s 1,000 class names, --template imagenet for the 80 templates of the',
    'paper’s ensemble, --template imagenet-simple for the seven that do nearly as well. A model folder that holds a',
    'trained classifier answers with it: labels may then choose among its own, and there are no templates.',
  ],
  flags: {
    labels: { type: 'text', value: 'L,L', help: 'labels between commas' },
    labelsFile: { type: 'text', value: 'F', help: 'labels, one a line, blank lines left out; - for standard input' },
    template: { type: 'texts', value: 'T', help: 'a prompt with {} for the label; else "a photo of a {}."' },
    top: { type: 'count', value: 'K', help: `the best K only; else ${shownLabels}, and with --json all` },
    json: { type: 'switch', help: 'one line an image: {"path", "labels": [{"label", "score"}…]}, best first' },
    calibration: {
      type: 'text',
      value: 'F',
      help: 'of evaluate calibrate; adds "answer", which may be "none of these"',
    },
    ...longTextFlags,
    ...imageFlags,
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
    const { distinctLabels, narrowed, rank, readClassifier, scoresOf, templateLists, zeroShotScorer } = await import(
      'typeclip'
    )
    const trained = values.model === undefined ? undefined : await readClassifier(values.model)
    if (trained && values.template.length > 0) {
      throw new UsageError(
        `${values.model} answers with its trained classifier, which has no prompts; leave --template out`,
      )
    }
    const calibration = await calibrationOf(values.calibration, values.model, terminal)
    const names = await labelNames(values, trained?.names ?? calibration?.names, terminal)
    if (calibration && !sameNames(names, calibration.names)) {
      terminal.note(`${values.calibration} was fitted with other labels; its threshold is a rough one for these`)
    }
    const found = await findImages(words, terminal)
    if (found.images.length === 0) return noImages(found, terminal)
    const given = values.template.flatMap((template) => templateLists[template] ?? [template])
    const templates = given.length > 0 ? given : (calibration?.templates ?? [])
    return withModel(values, trained ? ['image'] : ['image', 'text'], terminal, async (clip) => {
      terminal.status(`embedding ${names.length} labels in ${templates.length || 1} templates`)
      const distinct = trained ? { labels: names, alike: [] } : distinctLabels(clip, names)
      noteAlike(distinct.alike, terminal)
      const { clip: reader, classifier } = trained
        ? { clip, classifier: narrowed(trained, names) }
        : await zeroShotScorer(clip, distinct.labels, {
            ...(templates.length > 0 && { templates }),
            onLong: long,
            signal: terminal.signal,
          })
      const job = startJob(terminal, 'images', found.images.length)
      for await (const { path, embedding } of embedImages(reader, found, { terminal, job })) {
        const top = values.top ?? (values.json ? Infinity : shownLabels)
        const labels = rank(classifier, embedding, top, calibration?.temperature)
        const none = calibration && Math.max(...scoresOf(classifier, embedding)) < calibration.threshold
        const answer = calibration && { answer: none ? noneOfThese : labels[0]!.label }
        const lines = drawn(path, labels)
        if (none) lines.splice(1, 0, `  ${noneOfThese}`)
        await terminal.print(values.json ? JSON.stringify({ path, ...answer, labels }) : lines.join('\n'))
      }
      return job.end()
    })
  },
})

/** @param otherwise what is asked about where no labels are given */
async function labelNames(
  { labels, labelsFile }: { labels: string | undefined; labelsFile: string | undefined },
  otherwise: readonly string[] | undefined,
  terminal: Terminal,
): Promise<readonly string[]> {
  if (labels === undefined && labelsFile === undefined && otherwise) return otherwise
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
    `labels that are given twice, or read alike, count once: ${some.join(', ')}${alike.length > 5 ? ', …' : ''}`,
  )
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name))

function drawn(path: string, labels: readonly Label[]): string[] {
  const rows = labels.map(({ label, score }) => [
    `  ${label}`,
    `${(score * 100).toFixed(1)} %`,
    '█'.repeat(Math.round(score * barLength)),
  ])
  return [path, ...table(rows, ['left', 'right', 'left'])]
}
