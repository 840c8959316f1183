// `typeclip figure2`: the paper's Figure 2, three objectives compared by the images that they need, at a small size.

import type { Figure2Event, Figure2Run, Figured } from 'typeclip/training'
import { defineCommand } from '../command.ts'
import { duration, grouped } from '../job.ts'
import { modelFlags } from '../model.ts'
import type { Terminal } from '../terminal.ts'
import { columnFlags, dataFlags, openData } from '../training-data.ts'
import { stepLine } from '../training-view.ts'
import { UsageError } from '../usage-error.ts'

const heldShare = 0.1

export const command = defineCommand({
  usage: '--data SOURCE… --out DIR [flags]',
  about: [
    'Trains a transformer language model, bag-of-words prediction and bag-of-words contrastive learning on the same',
    'data, in the same order, with the same image encoder, and draws zero-shot accuracy by images processed. A run is',
    'made for each seed, at the learning rate that was the best of --lrs after a quarter of the images.',
    'DIR gets figure2.svg, figure2.png, figure2.json, figure2.md, and the runs. The same command again goes on where',
    'it was interrupted, and does not repeat what is finished.',
  ],
  flags: {
    data: { ...dataFlags.data, following: true },
    template: dataFlags.template,
    val: {
      type: 'text',
      value: 'SOURCE',
      help: 'pictures with classes to judge by; else a tenth of the data, set aside',
    },
    prompt: { type: 'texts', value: 'T', help: 'how a class is put when judging, with {}; else "a photo of a {}."' },
    out: { type: 'text', value: 'DIR', help: 'everything goes into this folder' },
    images: { type: 'count', value: 'N', help: 'images that each run processes; else 30 times the data' },
    batch: { type: 'count', value: 'N', help: 'examples in a step; else 128' },
    seeds: { type: 'count', value: 'N', help: 'runs of each objective; else 3' },
    lrs: { type: 'text', value: 'X,X', help: 'learning rates to choose from; else 3e-4,1e-3,3e-3; one: no choice' },
    schedule: {
      type: 'text',
      value: 'S',
      choices: ['constant', 'cosine'],
      help: 'of the learning rate; else constant',
    },
    points: { type: 'count', value: 'N', help: 'points of each curve, √2 apart in images; else 12' },
    contrastive: { type: 'switch', help: "a fourth curve: CLIP's own objective, with its text transformer" },
    noAugment: { type: 'switch', help: 'prepare the pictures as for evaluation' },
    model: { type: 'text', value: 'CONFIG.json', help: "open_clip's model configuration; else a small ResNet" },
    threads: modelFlags.threads,
    json: { type: 'switch', help: 'everything that happens, each as one line' },
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
    const found = await openData(values, terminal)
    const { figure2, holdOut, openInitialModel } = await import('typeclip/training')
    if (!found.val && !found.data.labels) {
      throw new UsageError(
        `${found.data.name} has captions and no classes to judge by; name pictures with classes: --val`,
      )
    }
    const { data, val } = found.val
      ? { data: found.data, val: found.val }
      : await holdOut(found.data, { share: heldShare, seed: 0 }).then(({ rest, held }) => ({ data: rest, val: held }))
    const objectives: Figured[] = ['lm', 'bow', 'bow-contrastive', ...(contrastive ? (['contrastive'] as const) : [])]
    const events = figure2({
      data,
      val,
      out,
      objectives,
      images,
      threads,
      ...(batch !== undefined && { batch }),
      ...(seeds !== undefined && { seeds }),
      ...(points !== undefined && { points }),
      ...(learningRates && { learningRates }),
      ...(schedule && { schedule }),
      ...(values.prompt.length > 0 && { prompts: values.prompt }),
      ...(values.noAugment && { augment: false as const }),
      ...(values.model !== undefined && { model: await openInitialModel(values.model) }),
      signal: terminal.signal,
    })
    const show = values.json ? (event: Figure2Event) => terminal.print(JSON.stringify(event)) : view(terminal)
    for await (const event of events) await show(event)
    terminal.status(undefined)
    terminal.signal.throwIfAborted()
    if (!values.json) await terminal.print(`the figure is ${out}/figure2.svg, its numbers ${out}/figure2.md`)
    return 0
  },
})

function rates(text: string): number[] {
  const numbers = text.split(',').map(Number)
  if (numbers.every((rate) => rate > 0 && Number.isFinite(rate))) return numbers
  throw new UsageError(`--lrs takes learning rates between commas: 3e-4,1e-3; found '${text}'`)
}

function view(terminal: Terminal): (event: Figure2Event) => Promise<void> {
  let [runs, number, drawn] = [0, 0, 0]
  let first: { step: number; time: number } | undefined
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  return async (event) => {
    if (event.kind === 'plan') {
      runs = event.runs
      await terminal.print(
        `${runs} runs; ${grouped(event.images)} images for each seed, in ${grouped(event.steps)} steps of ${event.batch}`,
      )
    } else if (event.kind === 'run') {
      number = event.number
      first = undefined
    } else if (event.kind === 'training') {
      const { event: inner, run } = event
      if (inner.kind === 'skipped') terminal.note(`${inner.key} is left out: ${inner.reason}`)
      if (inner.kind !== 'step') return
      const now = performance.now()
      first ??= { step: inner.step, time: now }
      if (now - drawn < 200) return
      drawn = now
      const each = (now - first.time) / (inner.step - first.step)
      const left = Number.isFinite(each) ? `${duration((each * (inner.steps - inner.step)) / 1000)} left` : ''
      terminal.status(`run ${number} of ${runs}, ${described(run)} · ${stepLine(inner, left)}`)
    } else if (event.kind === 'ran') {
      await terminal.print(`run ${number} of ${runs}, ${described(event.run)}: accuracy ${percent(event.accuracy)}`)
    } else if (event.kind === 'chosen') {
      await terminal.print(`${event.objective}: learning rate ${event.learningRate}`)
    } else if (event.kind === 'interrupted') {
      terminal.note('stopped, and saved; the same command goes on')
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
