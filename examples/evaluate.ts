// Measure zero-shot accuracy on labelled images, and how probable the model's answers really are.

import { load } from 'typeclip'
import { evaluateZeroShot } from 'typeclip/evaluate'

const clip = await load()
// A table with a label column, or a folder for each class.
const result = await evaluateZeroShot(clip, 'examples/pairs.csv', {
  templates: ['a photo of {}.'], // several are averaged
  words: new Map([['hat', 'a cap']]), // what the prompts call a class, where its name would not do
})
console.log(`top-1 ${result.top1.toFixed(2)}, mean per class ${result.meanPerClass.toFixed(2)}, ${result.n} images`)
const [apples] = result.classes
console.log(`${apples!.name}: recall ${apples!.recall.toFixed(2)}, precision ${apples!.precision.toFixed(2)}`)
for (const { key, answer } of result.mistakes) console.log(`${key} was taken for ${answer}`)
console.log(`calibration error ${result.reliability.expectedCalibrationError.toFixed(2)}`)
await clip.dispose()
