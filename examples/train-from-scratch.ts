// Train a CLIP from scratch on a table of images and captions, and use what comes out.

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load } from 'typeclip'
import { train } from 'typeclip/training'

const out = join(await mkdtemp(join(tmpdir(), 'typeclip-')), 'run')

const events = train({
  model: 'examples/tiny-model.json', // open_clip's config: random weights; a checkpoint: continue it
  data: 'examples/pairs.csv', // also a folder, .tsv, .jsonl, WebDataset shards, or a list
  out, // the model, checkpoints, logs and curves
  objective: 'contrastive',
  batch: 9,
  steps: 40,
  learningRate: 3e-3,
  warmup: 4,
  augment: false,
  seed: 0, // the same seed gives the same numbers
})

// Nothing happens until you read the events. Leave the loop, or abort a `signal`, to stop; `resume: true` continues.
for await (const event of events) {
  if (event.kind === 'start') console.log(`${event.parameters} parameters, ${event.samples} samples`)
  if (event.kind === 'step' && event.step % 10 === 0) console.log(`step ${event.step}: loss ${event.loss.toFixed(3)}`)
}

const clip = await load(out)
const { shape } = await clip.encodeImage('examples/pictures/hat.jpg')
console.log(`the trained model embeds an image as [${shape}]`)
await clip.dispose()
