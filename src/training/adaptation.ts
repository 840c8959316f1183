// What a run trains (§2.5, and every method that fine-tunes): an objective, and what is changed of a model to minimise it.
// A method of fine-tuning is an object of this shape; the loop, its checkpoints and its logs are the same for all.

import type { Lookup } from '../model/parameters.ts'
import type { Objective } from '../objectives/objective.ts'

/** A parameter's values by name, as they are now. */
export type Values = (name: string) => Float32Array

export interface Adaptation {
  /** As the run's settings and messages call it. */
  readonly name: string
  readonly objective: Objective
  /** What decides the run's numbers beside its options: another value is another run. JSON. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Class folders' names: the place of an example's in them is its `label`. */
  readonly classes?: readonly string[]
  /** Of a frozen image tower, by samples' keys: read in place of pictures. */
  readonly embeddings?: ReadonlyMap<string, Float32Array>
  /** Answers the model with other tensors than the stored ones; what it asks for beside them is a new parameter. */
  readonly wrap?: (lookup: Lookup) => Lookup
  /** Which parameters are trained; all, if left out. */
  readonly trained?: (name: string) => boolean
  /** What the learning rate is multiplied with for a parameter: layer-wise decay. */
  readonly rate?: (name: string) => number
  /** What a parameter begins with; undefined: as the checkpoint has it, else as training from scratch draws it. */
  readonly initial?: (name: string, shape: readonly number[]) => Float32Array | undefined
  /** Parameters of the method and not of the model: they are in checkpoints, and not in the saved model. */
  readonly own?: (name: string) => boolean
  /** A parameter of the model as it is saved, where that is not the trained one itself: LoRA merges. */
  readonly merged?: (name: string, values: Values) => Float32Array | undefined
  /** Writes beside the saved model what else came of the method, such as its classifier. */
  readonly save?: (folder: string, values: Values) => Promise<void>
}
