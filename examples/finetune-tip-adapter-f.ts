// Fine-tune with Tip-Adapter-F: the training images become a cache that is added to the zero-shot logits, then trained.

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { classify, load, readClassifier } from 'typeclip'
import { finetune } from 'typeclip/finetune'

const out = join(await mkdtemp(join(tmpdir(), 'typeclip-')), 'run')

const events = finetune({
  method: 'tip-adapter-f',
  data: 'examples/train.csv', // or a folder with a folder for each class
  validation: 'examples/val.csv', // default: a tenth of `data`
  out,
  epochs: 2,
})

for await (const event of events) {
  if (event.kind === 'progress') console.log(`${event.what}: ${event.done} of ${event.of}`)
  if (event.kind === 'result') {
    const { zeroShot, top1, n } = event.result
    console.log(`accuracy on ${n} images: zero-shot ${zeroShot.top1.toFixed(2)}, Tip-Adapter-F ${top1.toFixed(2)}`)
  }
}

// The folder holds the unchanged model and the classifier with its cache.
const clip = await load(out)
const classifier = await readClassifier(out)
console.log(`${classifier!.cache!.values.length} cached images, alpha ${classifier!.cache!.alpha.toFixed(2)}`)
const [[best] = []] = await classify(clip, 'examples/pictures/cabbage.jpg', classifier!)
console.log(`cabbage.jpg: ${best!.label}`)
await clip.dispose()
