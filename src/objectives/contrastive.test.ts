import { Tensor as Value } from 'onnxruntime-common'
import { expect, it } from 'vitest'
import { gradients } from '../graph/gradient.ts'
import { input } from '../graph/tensor.ts'
import { createRuntime } from '../runtime/onnxruntime.node.ts'
import { infoNce } from './contrastive.ts'

const image = input('image', 'float32', ['batch', 2])
const text = input('text', 'float32', ['batch', 2])
const logitScale = input('logitScale', 'float32', [])

async function run(scale: number, images: number[], texts: number[]) {
  const loss = infoNce(image, text, logitScale)
  const [dScale, dImage] = gradients(loss, [logitScale, image])
  const program = await createRuntime({ threads: 1 }).compile({ loss, dScale: dScale!, dImage: dImage! })
  const matrix = (data: number[]) => new Value('float32', Float32Array.from(data), [data.length / 2, 2])
  const found = await program.run({
    image: matrix(images),
    text: matrix(texts),
    logitScale: new Value('float32', Float32Array.of(Math.log(scale)), []),
  })
  await program.dispose()
  return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, [...(data as Float32Array)]]))
}

it('is the logarithm of the batch size if all logits are equal', async () => {
  const { loss } = await run(100, [1, 0, 2, 0, 3, 0], [0, 1, 0, 2, 0, 3])
  expect(loss![0]).toBeCloseTo(Math.log(3), 5)
})

it('stays finite at a scale far beyond the 100 that training allows', async () => {
  const right = await run(1e4, [1, 0, 0, 1], [3, 0, 0, 2])
  expect(right.loss![0]).toBeCloseTo(0, 5)
  const wrong = await run(1e4, [1, 0, 0, 1], [0, 1, 1, 0])
  expect(wrong.loss![0]).toBeCloseTo(1e4, 0)
  expect(wrong.dScale![0]).toBeCloseTo(1e4, 0)
  expect(wrong.dImage!.every(Number.isFinite)).toBe(true)
})
