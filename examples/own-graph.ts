// Build a graph of your own, take its gradient, print it and run it: linear regression by gradient descent.

import { createRuntime, gradients, input, printGraph, Value } from 'typeclip/graph'

// Symbolic tensors: nothing is computed yet. A dimension is a number or a name; shapes are checked as you build.
const x = input('x', 'float32', ['n', 2])
const y = input('y', 'float32', ['n', 1])
const w = input('w', 'float32', [2, 1])
const error = x.matmul(w).sub(y).is('n', 1)
const loss = error.mul(error).mean([0, 1], false)

// The gradient is a graph too: reverse-mode differentiation, from graph to graph.
const [gradient] = gradients(loss, [w])
console.log(printGraph({ loss }))

const program = await createRuntime().compile({ loss, gradient: gradient! })
const data = {
  x: new Value('float32', Float32Array.of(1, 0, 0, 1, 1, 1, 2, 1), [4, 2]),
  y: new Value('float32', Float32Array.of(2, -1, 1, 3), [4, 1]), // y = 2 x₀ - x₁
}
const weights = Float32Array.of(0, 0)
for (let step = 0; step < 200; step++) {
  const result = await program.run({ ...data, w: new Value('float32', weights, [2, 1]) })
  const g = result.gradient!.data as Float32Array
  if (step % 50 === 0) console.log(`step ${step}: loss ${(result.loss!.data[0] as number).toFixed(5)}`)
  for (const i of weights.keys()) weights[i]! -= 0.2 * g[i]!
}
console.log(`w = ${Array.from(weights, (value) => value.toFixed(3)).join(', ')}`)
await program.dispose()
