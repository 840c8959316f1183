/** Makes the starter model's training data from the cache: shuffled WebDataset shards, and the held-out images. */
import { fork } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { decodeAll } from './decode.mjs'
import { clipArt, emoji, iconSets, stamps } from './drawings.mjs'
import { drawnFlowers } from './drawn-flowers.mjs'
import { drawnPets } from './drawn-pets.mjs'
import { writeHeldOut } from './held-out.mjs'
import { clothing, fashion, flowers, grocery, groceryNames, moreClothing } from './photos.mjs'
import { generator, shuffle } from './random.mjs'
import { countEach } from './shares.mjs'

const { values } = parseArgs({
  options: {
    cache: { type: 'string' },
    photos: { type: 'string' },
    out: { type: 'string' },
    samples: { type: 'string', default: '260000' },
    shard: { type: 'string', default: '2000' },
    workers: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string' },
  },
})
if (!values.cache || !values.out) {
  console.error(
    'usage: node prepare.mjs --cache DIR --out DIR [--photos DIR] [--samples N] [--shard N] [--workers N] [--seed N]\n' +
      '  --photos   a folder that has the photo sets already (default: DIR/photos of the cache)\n' +
      '  --first N  only the first N shards, which are the same as in the whole',
  )
  process.exit(2)
}
const cache = resolve(values.cache)
const photos = resolve(values.photos ?? join(cache, 'photos'))
const out = resolve(values.out)
const seed = Number(values.seed)
const random = generator(seed)
mkdirSync(out, { recursive: true })

const emojis = emoji(cache)
const catalogue = [
  ...clothing(photos, 'train'),
  ...moreClothing(cache),
  ...grocery(photos, 'train'),
  ...fashion(cache),
  ...stamps(cache),
  ...drawnFlowers(),
  ...drawnPets(),
  ...emojis.train,
  ...clipArt(cache),
  ...iconSets(cache),
]

const bySource = new Map()
for (const p of catalogue) {
  if (!bySource.has(p.source)) bySource.set(p.source, [])
  bySource.get(p.source).push(p)
}
const files = []
const pictures = []
for (const [source, list] of bySource) {
  const { file, entries } = await decodeAll(join(cache, 'decoded'), source, list)
  list.forEach((p, i) => {
    const { svg, gray, file: _, ...rest } = p
    if (entries[i]) pictures.push({ ...rest, decoded: { ...entries[i], file: files.length } })
  })
  files.push(file)
  console.log(
    `${source}: ${entries.filter(Boolean).length} pictures${entries.includes(null) ? `, ${entries.filter((e) => !e).length} unreadable` : ''}`,
  )
}
const list = pictures.map((p) => p.id).sort()
writeFileSync(join(out, 'files.txt.gz'), gzipSync(`${list.join('\n')}\n`, { level: 9 }))

await writeHeldOut(
  join(out, 'held-out'),
  {
    clothing: clothing(photos, 'validation'),
    grocery: grocery(photos, 'val'),
    ...(existsSync(join(photos, 'flowers')) && { flowers: flowers(photos) }),
    openmoji: emojis.heldOut.map((p) => ({ ...p, label: p.names[0] })),
  },
  { grocery: groceryNames(photos) },
)

const counts = countEach(pictures, Number(values.samples), random)
const samples = shuffle(
  counts.flatMap((n, i) => Array(n).fill(i)),
  random,
)
const size = Number(values.shard)
const shards = Array.from({ length: Math.ceil(samples.length / size) }, (_, s) =>
  samples.slice(s * size, (s + 1) * size),
)
for (const f of readdirSync(out)) if (/^train-\d+\.tar(\.part)?$/.test(f)) rmSync(join(out, f))
const plan = join(out, 'plan.json')
writeFileSync(
  plan,
  JSON.stringify({ pictures, files, shards: shards.slice(0, Number(values.first ?? shards.length)), out, seed }),
)
const seen = {}
counts.forEach((n, i) => {
  seen[pictures[i].source] = (seen[pictures[i].source] ?? 0) + n
})
writeFileSync(
  join(out, 'counts.json'),
  JSON.stringify({ samples: samples.length, shards: shards.length, seen }, null, 1),
)
console.log(`${samples.length} samples in ${shards.length} shards`)

const workers = Number(values.workers)
const worker = fileURLToPath(new URL('write-shards.mjs', import.meta.url))
await Promise.all(
  Array.from({ length: workers }, (_, first) => {
    const child = fork(worker, [plan, String(first), String(workers)])
    child.on('message', ({ shard }) => console.log(`shard ${shard}`))
    return new Promise((done, failed) =>
      child.on('exit', (code) =>
        code === 0 ? done(undefined) : failed(new Error(`a worker ended with code ${code}`)),
      ),
    )
  }),
)
