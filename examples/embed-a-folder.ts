// Embed every image of a folder, then find the images that fit a text best.

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { load } from 'typeclip'

const folder = process.argv[2] ?? 'examples/pictures'
const query = process.argv[3] ?? 'a photo of shoes'

const files = (await readdir(folder)).filter((name) => /\.(jpe?g|png|webp|gif|avif|tiff?)$/i.test(name)).sort()
const clip = await load() // the model that ships; for real work: load('openai/clip-vit-base-patch32')

// A stream of any length: images are decoded while the encoder runs, and an unreadable image is a result of its own.
const index: { file: string; embedding: Float32Array }[] = []
const paths = files.map((file) => join(folder, file))
for await (const result of clip.streamImages(paths, { normalize: true })) {
  const file = files[result.index]!
  if ('error' in result) console.error(`${file} was skipped: ${result.error.message}`)
  else index.push({ file, embedding: result.embedding })
}
console.log(`${index.length} embeddings of ${clip.config.embedDim} numbers`)

// All embeddings have length 1, so a dot product is a cosine similarity.
const { data: text } = await clip.encodeText(query, { normalize: true })
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
const found = index.map(({ file, embedding }) => ({ file, cosine: dot(embedding, text) }))
for (const { file, cosine } of found.sort((a, b) => b.cosine - a.cosine).slice(0, 3)) {
  console.log(`${cosine.toFixed(3)} ${file}`)
}
await clip.dispose()
