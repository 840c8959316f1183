/** Trains the starter model from scratch, in one command: downloads the images, makes the shards, trains in two stages, and takes the mean of both. */
import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    work: { type: 'string', default: 'starter-work' },
    photos: { type: 'string' },
    samples: { type: 'string', default: '260000' },
    steps: { type: 'string', default: '1600' },
    more: { type: 'string', default: '620' },
  },
})
const work = resolve(values.work)
const [cache, data, first, second, mean] = ['cache', 'data', 'run-1', 'run-2', 'mean'].map((name) => join(work, name))
const photos = values.photos ? ['--photos', resolve(values.photos)] : []
const root = fileURLToPath(new URL('../..', import.meta.url))
const here = (file) => fileURLToPath(new URL(file, import.meta.url))

/** @param {string[]} args of node */
const node = (...args) => execFileSync(process.execPath, args, { stdio: 'inherit', cwd: root })

node(here('fetch.mjs'), '--cache', cache, ...photos)
node(here('prepare.mjs'), '--cache', cache, '--out', data, '--samples', values.samples, ...photos)
const typeclip = (...args) => node(join(root, 'app/dist/cli/main.js'), ...args)

/**
 * @param {string} model the config or checkpoint to start from
 * @param {string} out
 * @param {string} steps
 * @param {number} warmup steps, fewer in a trial run
 * @param {string[]} flags
 */
const train = (model, out, steps, warmup, ...flags) =>
  typeclip(
    'train',
    ...['--data', join(data, 'train-*.tar'), '--model', model, '--out', out, '--batch', '256'],
    ...['--steps', steps, '--warmup', `${Math.min(warmup, Math.floor(Number(steps) / 10))}`],
    ...['--save-every', '50', '--resume', ...flags],
  )
train(here('model.json'), first, values.steps, 100, '--lr', '1e-3', '--seed', '1')
train(first, second, values.more, 50, '--lr', '8e-4', '--seed', '2')
node(here('average.mjs'), '--from', first, '--to', second, '--share', '0.75', '--out', mean)
typeclip('convert', mean, join(work, 'starter'), '--to', 'open_clip', '--dtype', 'f16', '--overwrite')
