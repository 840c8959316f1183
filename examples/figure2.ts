// The paper's Figure 2 in miniature: three objectives, the same data, zero-shot accuracy by images processed.

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { figure2 } from 'typeclip/figure2'

const out = join(await mkdtemp(join(tmpdir(), 'typeclip-')), 'figure2')

const events = figure2({
  data: 'examples/pairs.csv', // far too little data for a real figure
  validation: 'examples/pairs.csv', // labelled images. Default: a tenth of `data`
  model: 'examples/tiny-model.json', // default: a small ResNet
  out,
  objectives: ['lm', 'bow', 'bow-contrastive'],
  images: 36, // images that each run processes
  batch: 9,
  seeds: 1, // runs of each objective
  learningRates: [1e-3], // with several, the best is chosen by short runs first
  points: 1, // validations of each run
  augment: false,
})

for await (const event of events) {
  if (event.kind === 'plan') console.log(`${event.runs} runs of ${event.steps} steps`)
  if (event.kind === 'ran') console.log(`${event.run.objective}: accuracy ${event.accuracy.toFixed(2)}`)
  if (event.kind === 'end') console.log(`${event.report.objectives.length} curves in figure2.svg`)
}
