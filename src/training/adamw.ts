// AdamW (Loshchilov & Hutter 2019): Adam's moments, and a decay that is apart from the gradient.

export interface AdamWOptions {
  beta1: number
  beta2: number
  eps: number
  weightDecay: number
}

/** The running means of the gradient and of its square. */
export interface Moments {
  readonly m: Float32Array
  readonly v: Float32Array
}

/** Far below what a 32-bit parameter can notice. */
const negligible = 1e-30

/**
 * Changes values and moments in place, for the t-th step (from 1):
 *
 *     m = β₁ m + (1 − β₁) g,  v = β₂ v + (1 − β₂) g²
 *     θ = θ (1 − η λ) − η m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * @param decayed how many of the values, from the first, decay
 * @param scale what the gradient is multiplied with first
 */
export function adamW(
  values: Float32Array,
  gradients: Float32Array,
  { m, v }: Moments,
  { t, learningRate, decayed, scale = 1 }: { t: number; learningRate: number; decayed: number; scale?: number },
  { beta1, beta2, eps, weightDecay }: AdamWOptions,
): void {
  const rate = learningRate / (1 - beta1 ** t)
  const root = Math.sqrt(1 - beta2 ** t)
  const update = (from: number, to: number, keep: number): void => {
    for (let i = from; i < to; i++) {
      const g = gradients[i]! * scale
      const decayed = beta1 * m[i]! + (1 - beta1) * g
      // What is left of a gradient long ago: numbers this close to zero are a hundred times slower to compute with.
      const mean = Math.abs(decayed) < negligible ? 0 : decayed
      const square = beta2 * v[i]! + (1 - beta2) * g * g
      m[i] = mean
      v[i] = square
      values[i] = keep * values[i]! - (rate * mean) / (Math.sqrt(square) / root + eps)
    }
  }
  update(0, decayed, 1 - learningRate * weightDecay)
  update(decayed, gradients.length, 1)
}
