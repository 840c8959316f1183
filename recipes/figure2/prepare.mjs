/** Makes the data of Figure 2's run from the starter recipe's cache: shards of animals and food as emoji, and four other styles for validation. */
import { fork } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { decodeAll } from '../starter/decode.mjs'
import { emoji } from '../starter/drawings.mjs'
import { generator, shuffle } from '../starter/random.mjs'

const { values } = parseArgs({
  options: {
    cache: { type: 'string' },
    out: { type: 'string' },
    samples: { type: 'string', default: '60000' },
    workers: { type: 'string', default: '2' },
    wide: { type: 'boolean', default: false },
  },
})
if (!values.cache || !values.out) {
  console.error('usage: node prepare.mjs --cache DIR --out DIR [--samples N] [--workers N] [--wide]')
  process.exit(2)
}
const [cache, out] = [resolve(values.cache), resolve(values.out)]
const seed = 2
const shardSize = 2000
/** Emojibase's groups 3 and 4: animals and nature, food and drink. */
const groups = [3, 4]
/** Styles for validation, besides OpenMoji. */
const heldStyles = ['fxemoji', 'streamline-emojis', 'twemoji']

const all = emoji(cache)
const shown = (pictures) => pictures.filter(({ group }) => groups.includes(group))
const coloured = shown(all.train).filter(({ source, mono }) => !mono && !heldStyles.includes(source))
const judged = shown([...all.heldOut, ...all.train.filter(({ source }) => heldStyles.includes(source))])

// Names of one word, which most styles have.
const styles = new Map()
for (const { names, source } of coloured) styles.set(names[0], (styles.get(names[0]) ?? new Set()).add(source))
const isWanted = ({ names }) => !names[0].includes(' ') && styles.get(names[0])?.size >= 6
const wide = all.train.filter(({ source, mono }) => !mono && !heldStyles.includes(source))
const learnt = values.wide ? wide : coloured.filter(isWanted)
const held = new Set()
for (const { names, source, svg, file } of judged.filter(isWanted)) {
  const folder = join(out, 'held-out', names[0])
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${source}.png`)
  if (held.has(path)) continue // the same image under another key
  held.add(path)
  await sharp(svg ? Buffer.from(svg) : file, { density: 144 })
    .resize(128, 128, { fit: 'contain', background: '#fff' })
    .flatten({ background: '#fff' })
    .png()
    .toFile(path)
}

const files = []
const pictures = []
for (const source of new Set(learnt.map((p) => p.source))) {
  const list = learnt.filter((p) => p.source === source)
  const { file, entries } = await decodeAll(join(cache, 'decoded'), `figure2-${source}`, list)
  list.forEach(({ svg, file: _, ...rest }, i) => {
    if (entries[i]) pictures.push({ ...rest, decoded: { ...entries[i], file: files.length } })
  })
  files.push(file)
}

// Every image equally often, each time with another random look.
const random = generator(seed)
const samples = []
while (samples.length < Number(values.samples)) samples.push(...shuffle([...pictures.keys()], random))
const shards = Array.from({ length: Math.floor(Number(values.samples) / shardSize) }, (_, s) =>
  samples.slice(s * shardSize, (s + 1) * shardSize),
)
const plan = join(out, 'plan.json')
writeFileSync(plan, JSON.stringify({ pictures, files, shards, out, seed }))
const names = new Set(pictures.map((p) => p.names[0])).size
console.log(
  `${pictures.length} images of ${names} things in ${files.length} styles, as ${shards.length * shardSize} samples; ` +
    `${held.size} images for validation`,
)
const worker = fileURLToPath(new URL('write-shards.mjs', import.meta.url))
await Promise.all(
  Array.from({ length: Number(values.workers) }, (_, first) => {
    const child = fork(worker, [plan, String(first), values.workers])
    return new Promise((done, failed) =>
      child.on('exit', (code) =>
        code === 0 ? done(undefined) : failed(new Error(`a worker ended with code ${code}`)),
      ),
    )
  }),
)
