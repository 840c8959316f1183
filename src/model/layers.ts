// The layers that both encoders share.

import { layer, stage } from '../graph/scope.ts'
import { knownDim } from '../graph/shape.ts'
import { apply, applyAll, type Tensor } from '../graph/tensor.ts'
import type { Activation } from './config.ts'
import type { Parameters } from './parameters.ts'

/** `x Wᵀ + b`, with `W` as PyTorch stores it, `[out, in]`: `[…, in] → […, out]` */
export const linear = layer((p: Parameters, x: Tensor, out: number): Tensor => {
  const w = p.get('weight', out, knownDim(x.shape, -1))
  return x.matmulTransposed(w).add(p.get('bias', out))
})

/** `(x − mean) / √(var + eps) · weight + bias` over the last axis. */
export const layerNorm = layer((p: Parameters, x: Tensor, epsilon: number): Tensor => {
  const width = knownDim(x.shape, -1)
  return apply('LayerNormalization', [x, p.get('weight', width), p.get('bias', width)], { axis: -1, epsilon })
})

/** Convolution without bias: `[batch, in, h, w] → [batch, out, h', w']`, kernel `size × size`. */
export const conv2d = layer(
  (p: Parameters, x: Tensor, out: number, size: number, { stride = 1, padding = 0 } = {}): Tensor =>
    apply('Conv', [x, p.get('weight', out, knownDim(x.shape, 1), size, size)], {
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
    }),
)

/**
 * `(x − mean) / √(var + eps) · weight + bias` for each channel: with the running statistics in evaluation; in training with
 * the batch's, and the stages `running_mean` and `running_var` are the updated running statistics.
 */
export const batchNorm = layer((p: Parameters, x: Tensor, { training = false } = {}): Tensor => {
  const channels = knownDim(x.shape, 1)
  const [weight, bias, runningMean, runningVar] = ['weight', 'bias', 'running_mean', 'running_var'].map((name) =>
    p.get(name, channels),
  ) as [Tensor, Tensor, Tensor, Tensor]
  if (!training) return apply('BatchNormalization', [x, weight, bias, runningMean, runningVar], { epsilon: 1e-5 })

  const scratch = [weight, bias].map((p) => p.sequencedAfter(x).mul(0))
  const [y, mean, variance] = applyAll('BatchNormalizationTraining', [x, weight, bias, ...scratch], { epsilon: 1e-5 })
  // Normalise with the biased batch variance; update running_var with the unbiased one, as PyTorch does.
  const n = x.count().div(channels)
  const unbiased = variance!.mul(n.div(n.sub(1)))
  const updated = (running: Tensor, batch: Tensor) => running.mul(0.9).add(batch.mul(0.1))
  stage('running_mean', updated(runningMean, mean!))
  stage('running_var', updated(runningVar, unbiased))
  return y!
})

/** The mean of each `size × size` window. */
export function averagePool(x: Tensor, size: number): Tensor {
  if (size === 1) return x
  return apply('AveragePool', [x], { kernel_shape: [size, size], strides: [size, size], pads: [0, 0, 0, 0] })
}

/** The activations of published CLIPs, by their name in `ClipConfig`. */
export const activations: Record<Activation, (x: Tensor) => Tensor> = {
  /** `x · σ(1.702 x)` */
  quickgelu: (x) => apply('QuickGelu', [x], { alpha: 1.702 }),
  /** `x · Φ(x)`, exact, with the error function. */
  gelu: (x) => apply('Gelu', [x]),
}
