import { Tensor as Value } from 'onnxruntime-common'
import { expect, it } from 'vitest'
import { input } from '../graph/tensor.ts'
import { createRuntime } from './onnxruntime.node.ts'

const graph = { y: input('x', 'float32', ['n']).relu() }
const x = () => new Value('float32', Float32Array.of(-1, 2), [2])

it('waits for runs in progress before it disposes of a program', async () => {
  const program = await createRuntime().compile(graph, { name: 'tiny' })
  const runs = [program.run({ x: x() }), program.run({ x: x() })]
  await program.dispose()
  for (const { y } of await Promise.all(runs)) expect(y!.data).toEqual(Float32Array.of(0, 2))
})

it('can be disposed of twice, and runs nothing afterwards', async () => {
  const program = await createRuntime().compile(graph, { name: 'tiny' })
  await Promise.all([program.dispose(), program.dispose()])
  await program[Symbol.asyncDispose]()
  await expect(program.run({ x: x() })).rejects.toThrow('tiny was disposed of and cannot run')
})

it('fails one run without affecting others', async () => {
  const program = await createRuntime().compile(graph)
  await expect(program.run({})).rejects.toThrow("input 'x' is missing")
  expect((await program.run({ x: x() })).y!.data).toEqual(Float32Array.of(0, 2))
  await program.dispose()
})
