// Embed the labels once and keep the classifier: for a server or a loop, and to save it to disk.

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { classify, load, readClassifier, writeClassifier, zeroShotClassifier } from 'typeclip'

const clip = await load()
const labels = ['shirt', 'hat', 'shoes', 'pants', 'apple', 'orange', 'lemon', 'tomato', 'cabbage']

// { names, weights }: one row of weights for each label. This is the only time that the text encoder runs.
const classifier = await zeroShotClassifier(clip, labels, { templates: ['a photo of a {}.'] })
console.log(`${classifier.names.length} classes, ${classifier.weights.length} weights`)

for (const image of ['examples/pictures/apple.jpg', 'examples/pictures/pants.jpg', 'examples/pictures/cabbage.jpg']) {
  const [[best] = []] = await classify(clip, image, classifier)
  console.log(`${image}: ${best!.label}`)
}

// The classifier as a file: `classifier.safetensors` in a folder. It fits the model that it was made with, and no other.
const folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
await writeClassifier(folder, classifier)
const saved = await readClassifier(folder)
console.log('read back:', saved!.names.join(', '))
await clip.dispose()
