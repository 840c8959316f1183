// How far our numbers may be from the reference's, and why. Everything is float32 on both sides.

/** Relative to the largest value of a stage: float32 rounds at 6e-8, and a stage sums a few hundred products. */
export const stage = 2e-6

/** Coordinates of unit embeddings. */
export const unitEmbedding = 1e-6
