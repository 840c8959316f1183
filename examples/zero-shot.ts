// Zero-shot classification: which of some labels fits an image best, without training.

import { classify, imagenetSimpleTemplates, load, similarity } from 'typeclip'

const clip = await load()
const images = ['examples/pictures/hat.jpg', 'examples/pictures/lemon.jpg']
const labels = ['hat', 'shirt', 'shoes', 'lemon', 'orange', 'tomato']

// One list of labels for each image, best first. Scores are probabilities over the labels: they add up to 1.
for (const [i, [best, second]] of (await classify(clip, images, labels)).entries()) {
  console.log(`${images[i]}: ${best!.label} ${best!.score.toFixed(2)}, then ${second!.label}`)
}

// A prompt template puts the label into a sentence. Several templates are averaged (prompt ensembling).
const ensemble = await classify(clip, images, labels, { templates: imagenetSimpleTemplates, top: 1 })
console.log('with seven templates:', ensemble.map(([best]) => best!.label).join(', '))

// Cosine similarities of images and texts, without a softmax: [images, texts], row by row.
const { cosines, shape } = await similarity(clip, images, ['a photo of a hat', 'a photo of a lemon'])
console.log(shape, Array.from(cosines, (x) => x.toFixed(2)).join(' '))
await clip.dispose()
