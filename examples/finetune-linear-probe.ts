// Fine-tune with a linear probe: logistic regression on image embeddings. Fast; the model itself stays as it is.

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { classify, load, readClassifier } from 'typeclip'
import { finetune } from 'typeclip/finetune'

const out = join(await mkdtemp(join(tmpdir(), 'typeclip-')), 'run')

const events = finetune({
  method: 'linear-probe',
  data: 'examples/train.csv', // or a folder with a folder for each class
  validation: 'examples/val.csv', // default: a tenth of `data`
  out,
  threads: 1,
})

for await (const event of events) {
  if (event.kind === 'progress') console.log(`${event.what}: ${event.done} of ${event.of}`)
  if (event.kind === 'result') {
    const { zeroShot, top1, n } = event.result
    console.log(`accuracy on ${n} images: zero-shot ${zeroShot.top1.toFixed(2)}, linear probe ${top1.toFixed(2)}`)
  }
}

// The folder holds the unchanged model and the trained classifier.
const clip = await load(out)
const classifier = await readClassifier(out)
const [[best] = []] = await classify(clip, 'examples/pictures/shoes.jpg', classifier!)
console.log(`shoes.jpg: ${best!.label}`)
await clip.dispose()
