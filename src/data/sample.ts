// An example to learn from or to be judged by: an image and words for it.

/** One image with its captions and, in labelled data, its class. */
export interface Sample {
  /** Where it comes from, for messages: a path, or `shard.tar#000123`. */
  readonly key: string
  /** A path, or the bytes of an image file. */
  readonly image: string | Uint8Array
  /** One or more; of several, training draws one each time. */
  readonly captions: readonly string[]
  /** Of a class folder: the class, as its folder is named. */
  readonly label?: string
}

/** A sample that cannot be used, and why; the rest goes on. */
export interface Skipped {
  readonly key: string
  readonly reason: string
}

/** What cannot be used and why, in one line; many reasons begin with the name themselves. */
export const inOneLine = ({ key, reason }: Skipped): string => (reason.startsWith(key) ? reason : `${key}: ${reason}`)

/** Which order a source gives its samples in. */
export interface Order {
  /** Decides the order, together with the epoch. */
  seed: number
  /** Passes over the data before this one. */
  epoch: number
  /** A new order for each epoch; false: as stored. */
  shuffle: boolean
  /** How many at the start of the order are left out, unread. Default: 0. */
  skip?: number
}

/**
 * A data set as a stream of samples; the same order each time that it is asked for with the same numbers. What is broken
 * keeps its place in the order, so that a place in it means the same whatever fails.
 */
export interface Source {
  /** As it was asked for. */
  readonly name: string
  /** How many samples one epoch has, with those that turn out to be broken. */
  readonly size: number
  /** Class names in order, where the data has classes. */
  readonly labels?: readonly string[]
  /** What was left out or guessed when it was opened, each in one sentence. */
  readonly notices?: readonly string[]
  /**
   * A hash of names, captions and classes, the same wherever the data is stored: by it a resumed run knows its data again.
   */
  digest?(): Promise<string>
  samples(order: Order): AsyncIterable<Sample | Skipped>
}
