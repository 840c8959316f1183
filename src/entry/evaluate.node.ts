/**
 * `typeclip/evaluate`: how well a model does on labelled or captioned images.
 *
 * {@includeCode ../../examples/evaluate.ts}
 *
 * @module typeclip/evaluate
 */

export { combine as combineSources } from '../data/combine.ts'
export type { FolderOptions } from '../data/folder.node.ts'
export type { DataInput } from '../data/given.node.ts'
export { openSource, type SourceOptions } from '../data/open.node.ts'
export type { Order, Sample, Skipped, Source } from '../data/sample.ts'
export type { ShardBytesOptions } from '../data/shard-bytes.node.ts'
export type { WebDatasetOptions } from '../data/shard-samples.node.ts'
export type { TableOptions } from '../data/table-rows.node.ts'
export { type Calibrated, type CalibrateOptions, calibrate } from '../evaluate/calibration.node.ts'
export { calibrationJson, readCalibration } from '../evaluate/calibration-file.node.ts'
export type { Calibration } from '../evaluate/calibration-record.ts'
export {
  averagePrecision,
  type ClassReport,
  confusionMatrix,
  meanPerClass,
  perClass,
  predictions,
  topK,
} from '../evaluate/classification.ts'
export { type LabelledFeatures, labelledFeatures, type SampleOptions } from '../evaluate/embed-samples.ts'
export {
  type ClassificationResult,
  evaluateClassifier,
  type JudgeOptions,
  type Mistake,
} from '../evaluate/evaluate-classifier.node.ts'
export {
  type EvaluateLinearProbeOptions,
  evaluateLinearProbe,
  type LinearProbeResult,
} from '../evaluate/evaluate-linear-probe.node.ts'
export {
  type EvaluateRetrievalOptions,
  evaluateRetrieval,
  type RetrievalMiss,
  type RetrievalResult,
} from '../evaluate/evaluate-retrieval.node.ts'
export { type EvaluateZeroShotOptions, evaluateZeroShot } from '../evaluate/evaluate-zero-shot.node.ts'
export {
  type Features,
  type LinearProbe,
  type LinearProbeOptions,
  linearProbe,
  type Tried,
} from '../evaluate/linear-probe.ts'
export type { LbfgsOptions } from '../evaluate/logistic-regression/lbfgs.ts'
export {
  type Examples,
  logisticRegressor,
  type Regression,
  type RegressionOptions,
  type Regressor,
} from '../evaluate/logistic-regression/logistic-regression.ts'
export {
  type Answer,
  type Answered,
  answeredAt as answeredAtThreshold,
  answers as classifierAnswers,
  answersWithoutOwn,
  chooseThreshold,
} from '../evaluate/rejection.ts'
export {
  negativeLogLikelihood,
  type Reliability,
  type ReliabilityBin,
  reliability,
} from '../evaluate/reliability.ts'
export {
  meanRank,
  medianRank,
  type Recall,
  ranks as retrievalRanks,
  recall as retrievalRecall,
  recallAt,
} from '../evaluate/retrieval.ts'
export { fitTemperature } from '../evaluate/temperature.ts'
export type { Runtime } from '../runtime/runtime.ts'
