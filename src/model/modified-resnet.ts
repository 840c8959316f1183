// The ModifiedResNet image encoder (§2.4): three stem convolutions, pooling in place of strides, attention pooling.

import { layer, stage } from '../graph/scope.ts'
import { knownDim } from '../graph/shape.ts'
import { concat, type Tensor } from '../graph/tensor.ts'
import type { ModifiedResNetConfig } from './config.ts'
import { averagePool, batchNorm, conv2d, linear } from './layers.ts'
import type { Parameters } from './parameters.ts'
import type { TowerOptions } from './towers.ts'

const expansion = 4

type Mode = Pick<TowerOptions, 'training'>

/** A plane as a sequence of positions: `[batch, c, h, w] → [batch, h·w, c]` */
function positionsOf(x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number]
  return x.reshape(batch, channels, height * width).transpose(0, 2, 1)
}

/** Convolutions 1×1, 3×3, 1×1, each normalised. A stride is an average pool after the second, and before the shortcut's. */
const bottleneck = layer((p: Parameters, x: Tensor, width: number, stride: number, mode: Mode): Tensor => {
  let y = batchNorm(p.at('bn1'), conv2d(p.at('conv1'), x, width, 1), mode).relu()
  y = batchNorm(p.at('bn2'), conv2d(p.at('conv2'), y, width, 3, { padding: 1 }), mode).relu()
  y = averagePool(y, stride)
  y = batchNorm(p.at('bn3'), conv2d(p.at('conv3'), y, width * expansion, 1), mode)
  if (stride > 1 || knownDim(x.shape, 1) !== width * expansion) {
    const shortcut = p.at('downsample')
    x = batchNorm(shortcut.at(1), conv2d(shortcut.at(0), averagePool(x, stride), width * expansion, 1), mode)
  }
  return x.add(y).relu()
})

/** One query, the mean over the plane, attends to all positions: `[batch, c, h, w] → [batch, out]` */
const attentionPool = layer((p: Parameters, x: Tensor, heads: number, out: number): Tensor => {
  const [batch, channels, height, width] = x.shape as [number, number, number, number]
  const positions = height * width
  x = positionsOf(x) // [batch, positions, channels]
  x = concat([x.mean([1]), x], 1).add(p.get('positional_embedding', positions + 1, channels))
  const headWidth = channels / heads
  const q = linear(p.at('q_proj'), x.slice(1, 0, 1), channels)
    .reshape(batch, 1, heads, headWidth)
    .transpose(0, 2, 1, 3)
  const k = linear(p.at('k_proj'), x, channels)
    .reshape(batch, positions + 1, heads, headWidth)
    .transpose(0, 2, 1, 3)
  const v = linear(p.at('v_proj'), x, channels)
    .reshape(batch, positions + 1, heads, headWidth)
    .transpose(0, 2, 1, 3)
  const scores = q.mul(headWidth ** -0.5).matmulTransposed(k) // [batch, heads, 1, positions + 1]
  const weights = stage('weights', scores.softmax())
  return linear(p.at('c_proj'), weights.matmul(v).transpose(0, 2, 1, 3).reshape(batch, channels), out)
})

/** `[batch, 3, n, n] → [batch, embedDim]` */
export const modifiedResNet = layer(
  (p: Parameters, image: Tensor, config: ModifiedResNetConfig, embedDim: number, mode: Mode): Tensor =>
    attentionPool(p.at('attnpool'), trunk(p, image, config, mode), config.heads, embedDim),
)

/** Before pooling: `[batch, 3, n, n] → [batch, positions, 32 · width]` */
export const modifiedResNetGrid = layer(
  (p: Parameters, image: Tensor, config: ModifiedResNetConfig, mode: Mode): Tensor =>
    positionsOf(trunk(p, image, config, mode)),
)

/** The stem and four stages of bottlenecks: `[batch, 3, n, n] → [batch, 32 · width, n / 32, n / 32]` */
function trunk(p: Parameters, image: Tensor, { width, layers, imageSize }: ModifiedResNetConfig, mode: Mode): Tensor {
  let x = image.is('batch', 3, imageSize, imageSize)
  const stem = [
    { out: width / 2, stride: 2 },
    { out: width / 2, stride: 1 },
    { out: width, stride: 1 },
  ]
  for (const [i, { out, stride }] of stem.entries()) {
    x = batchNorm(p.at(`bn${i + 1}`), conv2d(p.at(`conv${i + 1}`), x, out, 3, { stride, padding: 1 }), mode).relu()
  }
  x = stage('avgpool', averagePool(x, 2)) // [batch, width, n / 4, n / 4]
  for (const [i, blocks] of layers.entries()) {
    for (let block = 0; block < blocks; block++) {
      const stride = block === 0 && i > 0 ? 2 : 1
      x = bottleneck(p.at(`layer${i + 1}`).at(block), x, width * 2 ** i, stride, mode)
    }
    stage(`layer${i + 1}`, x)
  }
  return x
}
