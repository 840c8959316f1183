// transformers.js's CLIP as a peer, JSON lines as encode.py. It runs an ONNX file made elsewhere; here torch's export.
//   node transformersjs.mjs FOLDER THREADS      in a folder where @huggingface/transformers is installed
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

// Its ONNX Runtime may be of a version that carries telemetry, which takes a part of its start as well.
process.env.ORT_DISABLE_TELEMETRY = '1'
const [, , folder, threads] = process.argv
const entry = createRequire(`${process.cwd()}/`).resolve('@huggingface/transformers')
const { CLIPTextModelWithProjection, CLIPVisionModelWithProjection, Tensor, env } = await import(
  pathToFileURL(entry).href
)
env.localModelPath = folder
env.allowRemoteModels = false
const towers = { image: CLIPVisionModelWithProjection, text: CLIPTextModelWithProjection }
const options = { dtype: 'fp32', device: 'cpu', session_options: { intraOpNumThreads: Number(threads) } }
const models = {}
console.log(JSON.stringify({ ready: 'transformers.js' }))
for await (const line of createInterface({ input: process.stdin })) {
  const { model, tower, batch, ids } = JSON.parse(line)
  models[`${model} ${tower}`] ??= await towers[tower].from_pretrained(model, options)
  const inputs =
    tower === 'image'
      ? { pixel_values: new Tensor('float32', new Float32Array(batch * 3 * 224 * 224).fill(0.1), [batch, 3, 224, 224]) }
      : { input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [batch, 77]) }
  const start = performance.now()
  await models[`${model} ${tower}`](inputs)
  console.log(JSON.stringify({ ms: performance.now() - start }))
}
