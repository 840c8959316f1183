// The part of a run that differs between training (§2.5) and each fine-tuning method: the objective, and the parameters that
// minimise it. A fine-tuning method is an object of this shape; the loop, its checkpoints and its logs are shared.

import type { Lookup } from '../model/parameters.ts'
import type { Objective } from '../objectives/objective.ts'

/** A parameter's current values, by name. */
export type Values = (name: string) => Float32Array

/** A parameter's initial values; undefined to leave the choice to the next source (`setInitialValues`). */
export type InitialValues = (name: string, shape: readonly number[]) => Float32Array | undefined

/** A change to training: an objective, a wrapped lookup of parameters, and which of them are trained. */
export interface Adaptation {
  /** For the run's settings and messages. */
  readonly name: string
  readonly objective: Objective
  /** Settings that decide the run's numbers, as JSON; a run resumes only with equal ones. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined
  /** Names of the class folders; the index of an example's class is its `label`. */
  readonly classes?: readonly string[] | undefined
  /** Embeddings of a frozen image encoder by sample key, read in place of images. */
  readonly embeddings?: ReadonlyMap<string, Float32Array> | undefined
  /** Replaces parameters as the model sees them; names that it looks up in addition are new parameters. */
  readonly wrap?: ((lookup: Lookup) => Lookup) | undefined
  /** Which parameters are trained. Default: all. */
  readonly trained?: ((name: string) => boolean) | undefined
  /** Factor of a parameter's learning rate (layer-wise decay). Default: 1. */
  readonly rate?: ((name: string) => number) | undefined
  /** Takes precedence over the checkpoint. */
  readonly initial?: InitialValues | undefined
  /** For parameters that the checkpoint lacks. Default: as in training from scratch. */
  readonly defaultInitial?: InitialValues | undefined
  /** Parameters of the method, not of the model: kept in checkpoints, left out of the saved model. */
  readonly own?: ((name: string) => boolean) | undefined
  /** A parameter's values in the saved model, if they differ from the trained ones: LoRA merges its matrices into them. */
  readonly merged?: ((name: string, values: Values) => Float32Array | undefined) | undefined
  /** Writes the method's other results beside the saved model, such as its classifier. @param own names of its parameters */
  readonly save?: ((folder: string, values: Values, own: readonly string[]) => Promise<void>) | undefined
}
