/**
 * `typeclip/figure2`: the paper's Figure 2 at a small size.
 *
 * {@includeCode ../../examples/figure2.ts}
 *
 * @module typeclip/figure2
 */

export type { DataInput } from '../data/given.node.ts'
export type { Skipped, Source } from '../data/sample.ts'
export type { AccuracyAt, MeanAndSpread } from '../figure2/efficiency.ts'
export { type Figure2Event, type Figure2Options, type Figure2Run, figure2 } from '../figure2/figure2.node.ts'
export {
  type Figure2Report,
  type Figured,
  figureNames,
  type ObjectiveCurve,
  type RunCurve,
  type Step,
  type Sweep,
} from '../figure2/report.ts'
export type { InitialModel } from '../training/initial-model.node.ts'
export type { OpenOptions, TrainEvent } from '../training/train-options.ts'
