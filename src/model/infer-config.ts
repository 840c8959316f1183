// A configuration from shapes alone, where a checkpoint brings none (openai/CLIP `build_model`).

import { CheckpointError } from '../errors.ts'
import type { Activation, ClipConfig, ImageTowerConfig, TextTowerConfig } from './config.ts'

/** Shape by canonical name, or undefined. */
export type Shapes = ReadonlyMap<string, readonly number[]>

/**
 * Widths, depths, sizes from the shapes; what shapes do not tell is as in OpenAI's models (64 wide heads, a class token,
 * the embedding read at the highest id), and the activation is the caller's to say.
 */
export function inferConfig(shapes: Shapes, activation: Activation): ClipConfig {
  const dim = (name: string, axis: number): number => {
    const found = shapes.get(name)?.at(axis)
    if (found === undefined) throw new CheckpointError(`parameter ${name} is missing from the checkpoint`)
    return found
  }
  const image = shapes.has('visual.proj')
    ? visionTransformer(shapes, dim, activation)
    : shapes.has('visual.conv1.weight')
      ? modifiedResNet(shapes, dim)
      : undefined
  const text = shapes.has('text_projection') ? textTower(shapes, dim, activation) : undefined
  if (!image && !text) throw new CheckpointError('the checkpoint holds neither of the two towers')
  const embedDim = text
    ? dim('text_projection', 1)
    : shapes.has('visual.proj')
      ? dim('visual.proj', 1)
      : dim('visual.attnpool.c_proj.weight', 0)
  return { embedDim, image, text }
}

type Dim = (name: string, axis: number) => number

/** How many numbered parts there are: `prefix0…`, `prefix1…` */
function count(shapes: Shapes, prefix: string): number {
  const numbers = new Set(
    [...shapes.keys()].filter((k) => k.startsWith(prefix)).map((k) => k.slice(prefix.length).split('.')[0]),
  )
  return numbers.size
}

function visionTransformer(shapes: Shapes, dim: Dim, activation: Activation): ImageTowerConfig {
  const width = dim('visual.conv1.weight', 0)
  const patchSize = dim('visual.conv1.weight', -1)
  return {
    kind: 'vision-transformer',
    width,
    layers: count(shapes, 'visual.transformer.resblocks.'),
    heads: Math.max(1, Math.floor(width / 64)),
    mlpWidth: dim('visual.transformer.resblocks.0.mlp.c_fc.weight', 0),
    activation,
    layerNormEpsilon: 1e-5,
    imageSize: patchSize * Math.round(Math.sqrt(dim('visual.positional_embedding', 0) - 1)),
    patchSize,
    preNorm: shapes.has('visual.ln_pre.weight'),
    pool: 'token',
    normAfterPool: false,
  }
}

function modifiedResNet(shapes: Shapes, dim: Dim): ImageTowerConfig {
  const width = dim('visual.layer1.0.conv1.weight', 0)
  const grid = Math.round(Math.sqrt(dim('visual.attnpool.positional_embedding', 0) - 1))
  const stages = [1, 2, 3, 4].map((i) => count(shapes, `visual.layer${i}.`))
  return {
    kind: 'modified-resnet',
    imageSize: grid * 32,
    width,
    layers: stages as [number, number, number, number],
    heads: Math.max(1, Math.floor((width * 32) / 64)),
  }
}

function textTower(shapes: Shapes, dim: Dim, activation: Activation): TextTowerConfig {
  const width = dim('ln_final.weight', 0)
  const vocabularySize = dim('token_embedding.weight', 0)
  return {
    width,
    layers: count(shapes, 'transformer.resblocks.'),
    heads: Math.max(1, Math.floor(width / 64)),
    mlpWidth: dim('transformer.resblocks.0.mlp.c_fc.weight', 0),
    activation,
    layerNormEpsilon: 1e-5,
    contextLength: dim('positional_embedding', 0),
    vocabularySize,
    pool: 'argmax',
    endId: vocabularySize - 1,
  }
}
