// One contrastive training step of ours at a time, on request: a line in, {"ms", "megabytes"} out.
//
//     node training.mjs vit|rn50|small BATCH THREADS [whole-text] [recompute]
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createRuntime } from 'typeclip/graph'
import { createTrainer, objectives } from 'typeclip/training'
import { models, preprocessingOf } from './models.mjs'

const [kind, batch, threads, ...flags] = process.argv.slice(2)
const config = models[kind]
const size = config.image.imageSize
const preprocessing = preprocessingOf(config)
const trainer = await createTrainer({
  runtime: createRuntime({ threads: Number(threads) }),
  config,
  preprocessing,
  objective: objectives.contrastive,
  optimizer: { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01 },
  recompute: flags.includes('recompute'),
})
const { values, slots } = trainer.parameters
for (const { name, shape, from, to } of slots.values()) {
  const spread = shape.length > 1 ? Math.sqrt(1 / shape.slice(1).reduce((a, b) => a * b, 1)) : 0
  const middle = /(ln|bn|downsample\.1)\S*weight$|running_var$/.test(name) ? 1 : 0
  for (let i = from; i < to; i++) values[i] = middle + spread * (Math.random() - 0.5)
}
values[slots.get('logit_scale').from] = Math.log(1 / 0.07)
// Captions as peers_training.py's: 8 to 13 tokens; whole-text fills the context, so that nothing can be cut.
const word = () => 1 + Math.floor(Math.random() * 40000)
const words = (i) => (flags.includes('whole-text') ? config.text.contextLength - 2 : 7 + (i % 6))
const examples = {
  pixels: Uint8Array.from({ length: batch * 3 * size * size }, () => Math.random() * 256),
  ids: Array.from({ length: Number(batch) }, (_, i) => [49406, ...Array.from({ length: words(i) }, word), 49407]),
}
const peak = () => Math.round(readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\s+(\d+)/)[1] / 1024)
let t = 0
console.log(JSON.stringify({ ready: true }))
for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now()
  await trainer.step(examples, { t: ++t, learningRate: 1e-4 })
  console.log(JSON.stringify({ ms: performance.now() - start, megabytes: peak() }))
}
