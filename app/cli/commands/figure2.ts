// `typeclip figure2`: the paper's Figure 2, three objectives compared by the images that they need, at a small size.

import { UsageError } from 'typeclip/errors'
import type { Figure2Event, Figure2Run, Figured } from 'typeclip/figure2'
import { columnFlags, dataFlags, inputsOf } from '../inputs/training-data.ts'
import { modelFlags } from '../model-flags.ts'
import { duration } from '../outputs/job.ts'
import { stepLine } from '../outputs/training-view.ts'
import { defineCommand } from '../shell/command.ts'
import { counted, percent } from '../shell/counted.ts'
import type { Terminal } from '../shell/terminal.ts'

export const command = defineCommand({
  usage: '--data SOURCE… --out DIR [flags]',
  about: [
    'Trains a transformer language model (lm), bag-of-words prediction (bow) and bag-of-words contrastive learning',
    '(bow-contrastive) on the same data, in the same order, with the same image encoder, and draws zero-shot accuracy',
    'against images processed. There is one run per seed, at the learning rate of --lrs that is best after a quarter of',
    'the images. DIR gets figure2.svg, figure2.png, figure2.json, figure2.md, and the runs. The same command again',
    'continues where it was interrupted, and skips what is finished.',
  ],
  flags: {
    data: { ...dataFlags.data, following: true },
    template: dataFlags.template,
    val: {
      type: 'text',
      option: 'validation',
      value: 'SOURCE',
      help: 'labelled images to measure accuracy on. Default: 10 % of the data, held out',
    },
    prompt: {
      type: 'texts',
      option: 'prompts',
      value: 'T',
      help: 'prompt with {} for the class, for measuring accuracy. Default: "a photo of a {}."',
    },
    out: { type: 'text', value: 'DIR', help: 'folder for all results' },
    images: { type: 'count', value: 'N', help: 'images that each run processes. Default: 30 times the data' },
    batch: { type: 'count', value: 'N', help: 'examples per step. Default: 128' },
    seeds: { type: 'count', value: 'N', help: 'runs per objective. Default: 3' },
    lrs: {
      type: 'text',
      option: 'learningRates',
      value: 'X,X',
      help: 'learning rates to choose from; with one there is no choice. Default: 3e-4,1e-3,3e-3',
    },
    schedule: {
      type: 'text',
      value: 'S',
      choices: ['constant', 'cosine'],
      help: 'learning-rate schedule. Default: constant',
    },
    points: { type: 'count', value: 'N', help: 'points of each curve, √2 apart in images. Default: 12' },
    contrastive: { type: 'switch', help: "add a fourth curve: CLIP's own objective, with its text transformer" },
    noAugment: { type: 'switch', option: 'augment', help: 'preprocess images as for evaluation' },
    model: { type: 'text', value: 'CONFIG.json', help: 'open_clip config of the model. Default: a small ResNet' },
    threads: modelFlags.threads,
    json: { type: 'switch', help: 'every event as one line of JSON' },
    ...columnFlags,
  },
  examples: [
    'typeclip figure2 --data drawings.csv --val photos --out figure2',
    'typeclip figure2 --data "shards/{00..15}.tar" --val held-out --prompt "{}" --images 500000 --out figure2',
  ],
  async run(words, values, terminal) {
    if (words.length > 0) throw new UsageError(`figure2 takes flags only; found '${words[0]}'`)
    const { out, contrastive, batch, images, seeds, schedule, points, threads } = values
    if (out === undefined) throw new UsageError('--out is missing: the folder that the figure and its runs go into')
    const learningRates = values.lrs === undefined ? undefined : rates(values.lrs)
    const inputs = await inputsOf(values, terminal)
    const { figure2 } = await import('typeclip/figure2')
    const objectives: Figured[] = ['lm', 'bow', 'bow-contrastive', ...(contrastive ? (['contrastive'] as const) : [])]
    terminal.status('looking at the data')
    const events = figure2({
      ...inputs,
      model: values.model,
      out,
      objectives,
      images,
      batch,
      seeds,
      points,
      learningRates,
      schedule,
      prompts: values.prompt.length > 0 ? values.prompt : undefined,
      augment: values.noAugment ? false : undefined,
      threads,
    })
    const show = values.json ? (event: Figure2Event) => terminal.print(JSON.stringify(event)) : view(terminal)
    const skipped = new Set<string>()
    for await (const event of events) {
      if (event.kind === 'notice') {
        terminal.note(event.message)
        continue
      }
      const found = event.kind === 'training' && event.event.kind === 'skipped' ? event.event.key : undefined
      const again = found !== undefined && skipped.has(found)
      if (found !== undefined) skipped.add(found)
      if (values.json || !again) await show(event) // each run and epoch meets the same samples
    }
    terminal.status(undefined)
    terminal.signal.throwIfAborted()
    if (!values.json) await terminal.print(`the figure is ${out}/figure2.svg, its numbers ${out}/figure2.md`)
    return skipped.size > 0 ? 1 : 0
  },
})

function rates(text: string): number[] {
  const numbers = text.split(',').map(Number)
  if (numbers.every((rate) => rate > 0 && Number.isFinite(rate))) return numbers
  throw new UsageError(`--lrs takes learning rates between commas: 3e-4,1e-3; found '${text}'`)
}

function view(terminal: Terminal): (event: Exclude<Figure2Event, { kind: 'notice' }>) => Promise<void> {
  let [runs, number, drawn] = [0, 0, 0]
  let first: { step: number; time: number } | undefined
  return async (event) => {
    if (event.kind === 'plan') {
      runs = event.runs
      await terminal.print(
        `${counted(runs, 'run')}; ${counted(event.images, 'image')} for each seed, in ${counted(event.steps, 'step')} of ${event.batch}`,
      )
    } else if (event.kind === 'run') {
      number = event.number
      first = undefined
    } else if (event.kind === 'training') {
      const { event: inner, run } = event
      if (inner.kind === 'skipped') terminal.error(`${inner.key} is skipped: ${inner.reason}`)
      if (inner.kind !== 'step') return
      const now = performance.now()
      first ??= { step: inner.step, time: now }
      if (now - drawn < 200) return
      drawn = now
      const each = (now - first.time) / (inner.step - first.step)
      const left = Number.isFinite(each) ? `${duration((each * (inner.steps - inner.step)) / 1000)} left` : ''
      const heading = `run ${number} of ${runs}, ${described(run)} · `
      terminal.status(heading + stepLine(inner, left, terminal.columns - 1 - heading.length))
    } else if (event.kind === 'ran') {
      await terminal.print(`run ${number} of ${runs}, ${described(event.run)}: accuracy ${percent(event.accuracy)}`)
    } else if (event.kind === 'chosen') {
      await terminal.print(`${event.objective}: learning rate ${event.learningRate}`)
    } else if (event.kind === 'interrupted') {
      terminal.note('stopped and saved; the same command continues')
    } else {
      const { objectives, steps } = event.report
      for (const { from, to, efficiency } of steps) {
        if (efficiency) {
          const spread = efficiency.spread === null ? '' : ` ± ${efficiency.spread.toFixed(1)}`
          await terminal.print(`${to} is ${efficiency.mean.toFixed(1)}${spread} times as efficient as ${from}`)
        } else {
          await terminal.print(
            `${to} and ${from}: no accuracy that both reach after their first point, so the efficiency cannot be measured`,
          )
        }
      }
      if (objectives[0]?.seeds.length === 1) {
        await terminal.print('one seed: no spread, so a difference may be chance; --seeds 3 measures it')
      }
    }
  }
}

const described = ({ kind, objective, learningRate, seed }: Figure2Run): string =>
  kind === 'sweep' ? `${objective} at rate ${learningRate}` : `${objective}, seed ${seed}`
