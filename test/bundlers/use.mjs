// What each bundler builds: one image, two labels, the model that ships.

import { classify, load } from 'typeclip'

const clip = await load()
try {
  console.log(JSON.stringify(await classify(clip, process.argv[2], ['an apple', 'a shoe'])))
} finally {
  await clip.dispose()
}
