/** One cell of the table, in its own process so that its peak memory can be measured: JSON in as an argument, JSON out as a line. */
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { classLogits, defaultTemplates, load, readClassifier, zeroShotClassifier } from 'typeclip'
import { confusionMatrix, evaluateClassifier, meanPerClass, openSource, predictions, topK } from 'typeclip/evaluate'
import { augmentedViews, cachedFeatures, fewShot, finetune, heldOutTenth } from 'typeclip/finetune'

/**
 * @typedef {object} Cell
 * @property {'test' | 'features' | 'method'} kind  the test images' features, the training images' features, or a method's run
 * @property {string} data      the set's name
 * @property {string} train     a folder of class folders
 * @property {string} test      the test set: not trained on, and nothing is chosen on it
 * @property {{ data: string, folder: string }} [other]   another set, for the zero-shot accuracy after training
 * @property {string} model
 * @property {string} work
 * @property {number | 'all'} shots
 * @property {number} seed
 * @property {import('typeclip/finetune').MethodName} method
 * @property {number} threads
 */

/** @type {Cell} */
const cell = JSON.parse(process.argv[2] ?? '{}')
const { data, model, work, shots, seed, threads } = cell
const frozen = ['linear-probe', 'coop', 'tip-adapter', 'tip-adapter-f']
const kept = join(work, 'features', `${data}-${shots}-${seed}`)
const tested = join(work, 'features', `${data}-test.safetensors`)

/**
 * The validation set is as large as the training set, with at most four images a class (CoOp's protocol), held out from `train`.
 * With `all`, it is a tenth of `train`.
 */
async function sources() {
  const all = await openSource(cell.train, { templates: defaultTemplates })
  const parts = await heldOutTenth(all, seed)
  if (shots === 'all') return parts
  return { train: parts.train, val: await fewShot(parts.val, Math.min(shots, 4), seed) }
}

/** Folder names as plain words. @param {readonly string[]} labels */
const wordsOf = (labels) => new Map(labels.map((label) => [label, label.replace(/[-_]+/g, ' ').toLowerCase()]))

const seconds = async (/** @type {() => Promise<unknown>} */ work) => {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

async function testFeatures() {
  const clip = await load(model, { threads })
  await cachedFeatures(clip, await openSource(cell.test, { templates: defaultTemplates }), tested)
  const { labels = [] } = await openSource(cell.train, { templates: defaultTemplates })
  const words = wordsOf(labels)
  const classifier = await zeroShotClassifier(clip, [...words.values()], { onLong: 'truncate' })
  return { ...(await onFeatures(clip, classifier, words)) }
}

async function trainFeatures() {
  const clip = await load(model, { threads })
  const { train, val } = await sources()
  const few = shots === 'all' ? train : await fewShot(train, shots, seed)
  const file = (/** @type {string} */ name) => join(kept, 'features', `${name}.safetensors`)
  const times = {
    train: await seconds(() => cachedFeatures(clip, few, file('train'))),
    val: await seconds(() => cachedFeatures(clip, val, file('val'))),
    views: await seconds(async () => {
      const task = /** @type {any} */ ({ clip, train: few, out: kept, settings: { seed } })
      for await (const _ of augmentedViews(task, 10));
    }),
  }
  return times
}

/** @param {import('typeclip').Clip} clip @param {import('typeclip').Classifier} classifier @param {Map<string, string>} words */
async function onFeatures(clip, classifier, words) {
  const test = await openSource(cell.test, { templates: defaultTemplates })
  const { features, labels, names, width } = await cachedFeatures(clip, test, tested)
  const places = names.map((name) => classifier.names.indexOf(words.get(name) ?? name))
  const right = [...labels].map((label) => places[label] ?? -1)
  const classes = classifier.names.length
  const rows = right.map((_, i) => classLogits(classifier, features.subarray(i * width, (i + 1) * width)))
  const scores = { data: Float32Array.from(rows.flatMap((row) => [...row])), classes }
  const confusion = confusionMatrix(predictions(scores), right, classes)
  return { top1: topK(scores, right, 1), meanPerClass: meanPerClass(confusion), n: right.length }
}

async function method() {
  const { train, val } = await sources()
  const words = wordsOf(train.labels ?? [])
  const out = join(work, 'runs', `${data}-${cell.method}-${shots}-${seed}`)
  await rm(out, { recursive: true, force: true })
  await mkdir(out, { recursive: true })
  const cached = [...frozen, 'lit'].includes(cell.method)
  if (cached) await rename(join(kept, 'features'), join(out, 'features'))
  try {
    let [result, untilCurve] = [/** @type {any} */ (undefined), 0]
    const began = performance.now()
    const options = {
      method: cell.method,
      model,
      data: train,
      validation: val,
      out,
      ...(shots !== 'all' && { shots }),
      seed,
      threads,
      words,
      validations: 5,
      resume: true,
    }
    for await (const event of finetune(options)) {
      if (event.kind === 'progress' && event.what === 'points of the curve') untilCurve ||= performance.now() - began
      if (event.kind === 'result') result = event.result
    }
    if (!result) throw new Error('the run ended without a result')
    const found = { trained: result.trained, seconds: result.seconds, megabytes: peak(), ...(await judged(out, words)) }
    if (cell.method !== 'wise-ft') return found
    const full = await judged(join(out, 'fine-tuned'), words)
    return { ...found, full: { ...found, ...full, seconds: untilCurve / 1000 } }
  } finally {
    if (cached) await rename(join(out, 'features'), join(kept, 'features'))
    await rm(out, { recursive: true, force: true })
  }
}

/** @param {string} folder @param {Map<string, string>} words */
async function judged(folder, words) {
  const clip = await load(folder, { threads })
  try {
    const own = await readClassifier(folder)
    const classifier = own ?? (await zeroShotClassifier(clip, [...words.values()], { onLong: 'truncate' }))
    const same = frozen.includes(cell.method)
    if (same) return await onFeatures(await load(model, { threads }), classifier, words)
    const test = await openSource(cell.test, { templates: defaultTemplates })
    const { top1, meanPerClass, n } = await evaluateClassifier(clip, classifier, test, { words })
    return { top1, meanPerClass, n, ...(cell.other && { other: await byWords(clip, cell.other) }) }
  } finally {
    await clip.dispose()
  }
}

/** Zero-shot accuracy, also of the encoders beside a trained classifier. @param {import('typeclip').Clip} clip @param {{ data: string, folder: string }} other */
async function byWords(clip, { data, folder }) {
  const source = await openSource(folder, { templates: defaultTemplates })
  const words = wordsOf(source.labels ?? [])
  const classifier = await zeroShotClassifier(clip, [...words.values()], { onLong: 'truncate' })
  return { data, top1: (await evaluateClassifier(clip, classifier, source, { words })).top1 }
}

/** Megabytes, if the system reports them. */
function peak() {
  return Math.round(process.resourceUsage().maxRSS / 1024)
}

const kinds = { test: testFeatures, features: trainFeatures, method }
const found = await kinds[cell.kind]()
console.log(JSON.stringify({ megabytes: peak(), ...found }))
