// Read a checkpoint's tensors: .safetensors, PyTorch's .pt and .bin, and sharded ones, without running any pickle code.

import { openCheckpoint, readTensor } from 'typeclip/checkpoint'

const path = process.argv[2] ?? 'models/starter'
const checkpoint = await openCheckpoint(path) // reads names, types and shapes; no weights yet
const { tensors, format } = checkpoint

let parameters = 0
for (const { shape } of tensors.values()) parameters += shape.reduce((product, dim) => product * dim, 1)
console.log(`${format}: ${tensors.size} tensors, ${parameters} numbers`)

for (const [name, { dtype, shape }] of [...tensors].slice(0, 3)) console.log(`${name} ${dtype} [${shape}]`)

// One tensor's values: floating-point types of every width come as a Float32Array.
const values = await readTensor(tensors.get('logit_scale')!)
console.log(`exp(logit_scale) = ${Math.exp(Number(values[0])).toFixed(2)}`)
