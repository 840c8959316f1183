// Fine-tune with LoRA: thin matrices beside the weights are trained, and merged into them at the end. Takes any labels.

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { classify, load } from 'typeclip'
import { finetune } from 'typeclip/finetune'

const out = join(await mkdtemp(join(tmpdir(), 'typeclip-')), 'run')

const events = finetune({
  method: 'lora',
  data: 'examples/train.csv', // or a folder with a folder for each class
  validation: 'examples/val.csv', // default: a tenth of `data`
  out,
  rank: 2, // also: alpha, targets, towers, scaling
  steps: 6,
  batch: 6,
  validations: 1, // validations during the run
  seed: 0,
})

for await (const event of events) {
  if (event.kind === 'step') console.log(`step ${event.step} of ${event.steps}: loss ${event.loss.toFixed(3)}`)
  if (event.kind === 'result') console.log(`accuracy on ${event.result.n} images: ${event.result.top1.toFixed(2)}`)
}

// The folder is a model like any other, without a classifier of its own: it still takes any labels.
const clip = await load(out)
const [[best] = []] = await classify(clip, 'examples/pictures/lemon.jpg', ['lemon', 'hat', 'pants'])
console.log(`lemon.jpg: ${best!.label}`)
await clip.dispose()
