// `typeclip classify`: zero-shot classification (§3.1) of images with labels in words.

import type { Label } from 'typeclip'
import { defineCommand } from '../command.ts'
import { embedImages, noImages } from '../embeddings.ts'
import { findImages } from '../images.ts'
import { startJob } from '../job.ts'
import { readLines } from '../lines.ts'
import { imageFlags, longTextFlags, modelFlags, onLong, withModel } from '../model.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

const shownLabels = 5
const barLength = 20

export const command = defineCommand({
  usage: 'IMAGE… --labels "cat,dog" | --labels-file F [flags]',
  about: [
    'IMAGE is a file, a folder (every image in it and below), a glob, an http(s) address, or - for the bytes of',
    'one image on standard input. Scores are a softmax over all labels at the model’s own scale.',
    '--labels imagenet stands for ImageNet’s 1,000 class names, --template imagenet for the 80 templates of the',
    'paper’s ensemble, --template imagenet-simple for the seven that do nearly as well.',
  ],
  flags: {
    labels: { type: 'text', value: 'L,L', help: 'labels between commas' },
    labelsFile: { type: 'text', value: 'F', help: 'labels, one a line, blank lines left out; - for standard input' },
    template: { type: 'texts', value: 'T', help: 'a prompt with {} for the label; else "a photo of a {}."' },
    top: { type: 'count', value: 'K', help: `the best K only; else ${shownLabels}, and with --json all` },
    json: { type: 'switch', help: 'one line an image: {"path", "labels": [{"label", "score"}…]}, best first' },
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
    const names = await labelNames(values, terminal)
    const found = await findImages(words, terminal)
    if (found.images.length === 0) return noImages(found, terminal)
    const { rank, templateLists, zeroShotScorer } = await import('typeclip')
    const templates = values.template.flatMap((template) => templateLists[template] ?? [template])
    return withModel(values, ['image', 'text'], terminal, async (clip) => {
      terminal.status(`embedding ${names.length} labels in ${templates.length || 1} templates`)
      const { clip: reader, classifier } = await zeroShotScorer(clip, names, {
        ...(templates.length > 0 && { templates }),
        onLong: long,
        signal: terminal.signal,
      })
      const job = startJob(terminal, 'images', found.images.length)
      for await (const { path, embedding } of embedImages(reader, found, { terminal, job })) {
        const labels = rank(classifier, embedding, values.top ?? (values.json ? Infinity : shownLabels))
        await terminal.print(values.json ? JSON.stringify({ path, labels }) : drawn(path, labels).join('\n'))
      }
      return job.end()
    })
  },
})

async function labelNames(
  { labels, labelsFile }: { labels: string | undefined; labelsFile: string | undefined },
  terminal: Terminal,
): Promise<readonly string[]> {
  const names: string[] = []
  if (labels === 'imagenet') names.push(...(await import('typeclip')).imagenetClassNames)
  else names.push(...(labels ?? '').split(','))
  if (labelsFile !== undefined) for await (const { text } of readLines(labelsFile, terminal)) names.push(text)
  const given = names.map((name) => name.trim()).filter((name) => name !== '')
  if (given.length === 0) throw new UsageError('no labels were given: --labels "a cat,a dog", or --labels-file F')
  return given
}

function drawn(path: string, labels: readonly Label[]): string[] {
  const rows = labels.map(({ label, score }) => [
    `  ${label}`,
    `${(score * 100).toFixed(1)} %`,
    '█'.repeat(Math.round(score * barLength)),
  ])
  return [path, ...table(rows, ['left', 'right', 'left'])]
}
