// Why did an image match a text? Relevance of every place in the image and every word of the text.

import { load } from 'typeclip'
import { relevance } from 'typeclip/inspect'

const clip = await load()
const image = 'examples/pictures/lemon.jpg'
const found = await relevance(clip, image, ['a photo of a lemon', 'a photo of a hat'])

for (const { text, cosine, image, words } of found) {
  console.log(`${text}: cosine ${cosine.toFixed(3)}`)

  // [rows · columns] values from 0, row by row, over the grid of places that the image encoder sees.
  const [rows, columns] = image.grid
  const peak = image.map.indexOf(Math.max(...image.map))
  console.log(
    `  ${rows} × ${columns} places, the most relevant in row ${Math.floor(peak / columns)}, column ${peak % columns}`,
  )

  for (const { text: word, value } of words?.words ?? []) console.log(`  ${word} ${value.toFixed(3)}`)
}
await clip.dispose()
