// A training step's forward and backward pass over the whole batch, in one program.

import type { Program } from '../runtime/runtime.ts'
import { exampleValues } from './collate.ts'
import { batchLoss, type Passes, type TrainingGraph } from './training-graph.ts'

export async function wholeBatch(graph: TrainingGraph): Promise<Passes> {
  const { preprocessing, trainedNames, loss, features, evaluationFeatures } = graph
  const training = await graph.compile({
    loss,
    ...graph.choices(features),
    ...graph.gradientsOf(loss, trainedNames),
    ...graph.statistics(),
  })
  const into = { ...graph.gradientViews(trainedNames), ...graph.statisticsViews() }
  let evaluation: Promise<Program> | undefined

  return {
    async backward(batch) {
      const feeds = graph.feeds(training, exampleValues(batch, preprocessing))
      return batchLoss(await training.run(feeds, into), batch)
    },
    async loss(batch) {
      evaluation ??= graph.compile({ loss: graph.lossOf(evaluationFeatures), ...graph.choices(evaluationFeatures) })
      const program = await evaluation
      return batchLoss(await program.run(graph.feeds(program, exampleValues(batch, preprocessing))), batch)
    },
    async dispose() {
      await training.dispose()
      await (await evaluation)?.dispose()
    },
  }
}
