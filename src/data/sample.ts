// An example for training or evaluation: an image with its captions.

/** One image with its captions and, in labelled data, its class. */
export interface Sample {
  /** Its origin, for messages: a path, or `shard.tar#000123`. */
  readonly key: string
  /** A path, or the bytes of an image file. */
  readonly image: string | Uint8Array
  /** One or more; training draws one of them each time. */
  readonly captions: readonly string[]
  /** The class, such as the name of a class folder. */
  readonly label?: string | undefined
}

/** A sample that cannot be used, and why. */
export interface Skipped {
  readonly key: string
  readonly reason: string
}

/** A skipped sample in one line. Many reasons begin with the key already. */
export const inOneLine = ({ key, reason }: Skipped): string => (reason.startsWith(key) ? reason : `${key}: ${reason}`)

/** Which order a source gives its samples in. */
export interface Order {
  /** Decides the order, together with the epoch. */
  seed: number
  /** Passes over the data before this one. */
  epoch: number
  /** Whether each epoch has a new order; otherwise samples come as stored. */
  shuffle: boolean
  /** Samples at the start of the order to leave out, unread. Default: 0. */
  skip?: number | undefined
}

/**
 * A data set as a stream of samples. The same numbers give the same order. A broken sample keeps its place in the order,
 * so that a place means the same sample whatever fails.
 */
export interface Source {
  /** As the caller named it. */
  readonly name: string
  /** Samples in one epoch, broken ones included. */
  readonly size: number
  /** Class names in order, if the data has classes. */
  readonly labels?: readonly string[] | undefined
  /** What was skipped or guessed when it was opened, a sentence each. */
  readonly notices?: readonly string[] | undefined
  /** A hash of names, captions and classes, wherever the data is stored: a resumed run compares it. */
  digest?: (() => Promise<string>) | undefined
  samples(order: Order): AsyncIterable<Sample | Skipped>
}
