/** The starter model from nothing, in one command: fetches the pictures, makes the shards, trains, step by step. */
import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    work: { type: 'string', default: 'starter-work' },
    photos: { type: 'string' },
    samples: { type: 'string', default: '300000' },
    steps: { type: 'string', default: '1600' },
  },
})
const work = resolve(values.work)
const [cache, data, out] = ['cache', 'data', 'run'].map((name) => join(work, name))
const photos = values.photos ? ['--photos', resolve(values.photos)] : []
const root = fileURLToPath(new URL('../..', import.meta.url))
const here = (file) => fileURLToPath(new URL(file, import.meta.url))

/** @param {string[]} args of node */
const node = (...args) => execFileSync(process.execPath, args, { stdio: 'inherit', cwd: root })

node(here('fetch.mjs'), '--cache', cache, ...photos)
node(here('prepare.mjs'), '--cache', cache, '--out', data, '--samples', values.samples, ...photos)
const typeclip = (...args) => node(join(root, 'app/dist/cli/main.js'), ...args)
typeclip(
  'train',
  ...['--data', join(data, 'train-*.tar')],
  ...['--model', here('model.json'), '--out', out],
  ...['--batch', '256', '--steps', values.steps, '--lr', '1e-3', '--warmup', '100', '--seed', '1'],
  ...['--save-every', '50', '--resume'],
)
typeclip('convert', out, join(work, 'starter'), '--to', 'open_clip', '--dtype', 'f16', '--overwrite')
