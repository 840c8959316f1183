// How far our numbers may differ from the reference's, and why. Everything is float32 on both sides.

/** Relative to the largest value of a stage: float32 rounds at 6e-8, and a stage sums a few hundred products. */
export const stage = 2e-6

/** Coordinates of unit embeddings. */
export const unitEmbedding = 1e-6

/**
 * A gradient rule against finite differences, relative to the gradient's length: see the step in
 * gradients/operators.test.ts. Seen: 1.5e-5, the error of the differences.
 */
export const finiteDifference = 1e-4

/** A parameter's gradient, `‖Δ‖ / ‖g‖`: both sides sum in float32 over the whole network, in different orders. Seen: 6e-6. */
export const gradient = 1e-4

/** A key bias changes all scores of a query equally, which the softmax ignores: its gradient is zero except for rounding. */
export const zeroGradient = 1e-6

/** A training step's loss, relative: both sides sum in float32 over the whole network, in different orders. */
export const loss = 1e-5

/** Each gradient, and each parameter after ten steps, `‖Δ‖ / ‖golden‖`: rounding accumulates over ten steps. */
export const training = 1e-4

/**
 * A relevance, relative to the map's largest value: it consists of gradients, which both sides sum in float32 over the whole
 * network. Seen: 6e-6.
 */
export const relevance = 1e-4

/** An embedding with an adapter merged, relative to the largest: merging rounds each weight once more. */
export const adapter = 1e-5
