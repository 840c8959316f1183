// Fine-tune with WiSE-FT: train the image encoder, then average its weights with the original ones.

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { classify, load, readClassifier } from 'typeclip'
import { finetune } from 'typeclip/finetune'

const out = join(await mkdtemp(join(tmpdir(), 'typeclip-')), 'run')

const events = finetune({
  method: 'wise-ft',
  data: 'examples/train.csv', // or a folder with a folder for each class
  validation: 'examples/val.csv', // default: a tenth of `data`
  out,
  alpha: 0.5, // 0: the original weights; 1: the fine-tuned ones
  steps: 4,
  batch: 6,
  validations: 1,
  seed: 0,
})

for await (const event of events) {
  if (event.kind === 'step') console.log(`step ${event.step} of ${event.steps}: loss ${event.loss.toFixed(3)}`)
  if (event.kind === 'result') console.log(`accuracy on ${event.result.n} images: ${event.result.top1.toFixed(2)}`)
}

const clip = await load(out)
const classifier = await readClassifier(out)
const [[best] = []] = await classify(clip, 'examples/pictures/orange.jpg', classifier!)
console.log(`orange.jpg: ${best!.label}`)
await clip.dispose()
