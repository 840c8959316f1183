/**
 * Every method with every number of images, over seeds: accuracy on a held-out test set, time, memory.
 *
 *     node recipes/fine-tuning/table.mjs --work DIR --set flowers=flowers/train,flowers/val [--model M] [flags]
 *
 * Finished cells are in DIR/cells and are not run again: after an interruption the same command continues, and other flags
 * add cells. DIR/table.json and DIR/table.md are made from all cells.
 */
import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { markdown, summary } from './report.mjs'

const { values } = parseArgs({
  options: {
    work: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] }, // NAME=TRAIN,TEST
    other: { type: 'string' }, // NAME=FOLDER; zero-shot accuracy on its classes after training on 16 images a class
    model: { type: 'string', default: 'models/starter' },
    methods: { type: 'string', default: 'linear-probe,coop,tip-adapter,tip-adapter-f,lit,lora,wise-ft,flyp' },
    shots: { type: 'string', default: '1,2,4,8,16' }, // `all`: every image of TRAIN except the tenth for validation
    seeds: { type: 'string', default: '0,1,2' },
    threads: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
  },
})
if (!values.work) throw new Error('--work DIR is missing: the folder for cells and tables')
const work = resolve(values.work)
const model = resolve(values.model)
const list = (/** @type {string} */ text) => text.split(',')
const numbers = (/** @type {string} */ text) => list(text).map(Number)
const shots = list(values.shots).map((n) => (n === 'all' ? n : Number(n)))
const threads = Number(values.threads)
for (const folder of ['cells', 'features', 'runs']) await mkdir(join(work, folder), { recursive: true })

function named(/** @type {string} */ flag, /** @type {string} */ text, /** @type {string} */ form) {
  const at = text.indexOf('=')
  const [name, ...folders] = at < 1 ? [''] : [text.slice(0, at), ...text.slice(at + 1).split(',')]
  if (folders.length !== form.split(',').length || folders.some((folder) => folder === ''))
    throw new Error(`${flag} '${text}': expected ${form}`)
  return { name, folders: folders.map((folder) => resolve(folder)) }
}
const other = values.other === undefined ? undefined : named('--other', values.other, 'NAME=FOLDER')

/** @typedef {Partial<import('./cell.mjs').Cell> & { id: string }} Planned */
/** The test images first, then for each random lot its features and the methods; `full` is part of `wise-ft`. @returns {Planned[]} */
function planned() {
  const sets = values.set.map((text) => {
    const { name: data, folders } = named('--set', text, 'NAME=TRAIN,TEST')
    const [train = '', test = ''] = folders
    return { data, train, test, model, work, threads }
  })
  const lots = sets.flatMap((set) =>
    numbers(values.seeds).flatMap((seed) => shots.map((shots) => ({ ...set, shots, seed }))),
  )
  const methods = list(values.methods)
  return [
    ...sets.map((set) => ({ ...set, kind: /** @type {const} */ ('test'), id: `${set.data}-zero-shot` })),
    ...lots.flatMap((lot) => [
      { ...lot, kind: /** @type {const} */ ('features'), id: `${lot.data}-features-${lot.shots}-${lot.seed}` },
      ...methods.map((method) => ({
        ...lot,
        kind: /** @type {const} */ ('method'),
        method: /** @type {any} */ (method),
        ...(other &&
          (lot.shots === 16 || lot.shots === 'all') && { other: { data: other.name, folder: other.folders[0] ?? '' } }),
        id: `${lot.data}-${method}-${lot.shots}-${lot.seed}`,
      })),
    ]),
  ]
}

const file = (/** @type {string} */ id) => join(work, 'cells', `${id}.json`)

/** @param {Planned} cell @returns {Promise<string>} */
const ran = (cell) =>
  new Promise((done, failed) => {
    const script = fileURLToPath(new URL('cell.mjs', import.meta.url))
    const child = spawn(process.execPath, [script, JSON.stringify(cell)], { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.on('data', (data) => {
      out += data
    })
    child.on('close', (code) => (code === 0 ? done(out) : failed(new Error(`${cell.id}: exit code ${code}`))))
  })

/** @param {Planned} cell */
async function run(cell) {
  const found = JSON.parse((await ran(cell)).trim().split('\n').at(-1) ?? '')
  const { work, threads, train, test, ...about } = cell
  await writeFile(`${file(cell.id)}.part`, JSON.stringify({ ...about, ...found }, null, 2))
  await rename(`${file(cell.id)}.part`, file(cell.id))
  console.log(
    `${cell.id}: ${found.top1 === undefined ? '' : `${(100 * found.top1).toFixed(1)} %, `}${found.megabytes} MB`,
  )
}

async function report() {
  const names = (await readdir(join(work, 'cells'))).filter((name) => name.endsWith('.json'))
  const cells = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(work, 'cells', name), 'utf8'))),
  )
  const table = summary(cells)
  await writeFile(join(work, 'table.json'), `${JSON.stringify(table, null, 2)}\n`)
  await writeFile(join(work, 'table.md'), markdown(table, 'en'))
  await writeFile(join(work, 'table.zh.md'), markdown(table, 'zh'))
}

const done = new Set((await readdir(join(work, 'cells'))).map((name) => name.replace(/\.json$/, '')))
const waiting = planned().filter(({ id }) => !done.has(id))
/** A lot's features are moved from run to run, so its cells run one after the other. @type {Set<string>} */
const busy = new Set()
const lotOf = ({ data, shots, seed }) => (shots === undefined ? data : `${data}-${shots}-${seed}`)
let failures = 0

async function worker() {
  for (;;) {
    const at = waiting.findIndex((cell) => !busy.has(lotOf(cell)) && !busy.has(cell.data))
    if (at < 0 && waiting.length === 0) return
    if (at < 0) {
      await new Promise((again) => setTimeout(again, 500))
      continue
    }
    const cell = waiting.splice(at, 1)[0]
    busy.add(lotOf(cell))
    await run(cell).catch((error) => {
      failures++
      console.error(error.message)
    })
    busy.delete(lotOf(cell))
    await report()
  }
}
await Promise.all(Array.from({ length: Number(values.jobs) }, worker))
await report()
await rm(join(work, 'runs'), { recursive: true, force: true })
if (failures > 0) throw new Error(`${failures} cells failed; run the same command to try them again`)
