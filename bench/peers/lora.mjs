// One LoRA step of ours at a time, on request: a line in, {"ms", "megabytes"} out.
//
//     node lora.mjs BATCH THREADS CLASSES
//
// ViT-B/32 and the settings of lora.py; prompts of 8 to 10 tokens.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { classPrompts, loraAdaptation, loraDefaults } from 'typeclip/finetune'
import { createRuntime } from 'typeclip/graph'
import { createTrainer } from 'typeclip/training'
import { models, preprocessingOf } from './models.mjs'

const [batch, threads, classes] = process.argv.slice(2, 5).map(Number)
const config = models.vit
const preprocessing = preprocessingOf(config)
const word = () => 1 + Math.floor(Math.random() * 40000)
const prompts = Array.from({ length: classes }, (_, i) => [49406, ...Array.from({ length: 5 + (i % 3) }, word), 49407])
const adaptation = loraAdaptation(loraDefaults, { objective: classPrompts(prompts, 1, config) })
const trainer = await createTrainer({
  runtime: createRuntime({ threads }),
  config,
  preprocessing,
  objective: adaptation.objective,
  wrap: adaptation.wrap,
  trained: adaptation.trained,
  optimizer: { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01 },
})
const { values, slots, trained } = trainer.parameters
for (const { name, shape, from, to } of slots.values()) {
  const spread = shape.length > 1 ? Math.sqrt(1 / shape.slice(1).reduce((a, b) => a * b, 1)) : 0
  const middle = /ln\S*weight$/.test(name) ? 1 : 0
  if (/lora_B/.test(name)) continue
  for (let i = from; i < to; i++) values[i] = middle + spread * (Math.random() - 0.5)
}
values[slots.get('logit_scale').from] = Math.log(1 / 0.07)
const examples = {
  pixels: Uint8Array.from({ length: batch * 3 * 224 * 224 }, () => Math.random() * 256),
  ids: Array.from({ length: batch }, (_, i) => prompts[i % classes]),
  labels: Int32Array.from({ length: batch }, (_, i) => i % classes),
}
const peak = () => Math.round(readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\s+(\d+)/)[1] / 1024)
const count = trained.names.reduce((sum, name) => sum + slots.get(name).to - slots.get(name).from, 0)
let t = 0
console.log(JSON.stringify({ ready: true, trained: count }))
for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now()
  await trainer.step(examples, { t: ++t, learningRate: 2e-4 })
  console.log(JSON.stringify({ ms: performance.now() - start, megabytes: peak() }))
}
