// A config from shapes alone, for a checkpoint without one (openai/CLIP `build_model`).

import { CheckpointError } from '../errors.ts'
import type { Activation, ClipConfig, ImageTowerConfig, TextTowerConfig } from '../model/config.ts'
import { activationOf, type Heads, openaiHeads, publishedHeads } from './published-heads.ts'

/** Shape by canonical name, or undefined. */
export type Shapes = ReadonlyMap<string, readonly number[]>

export interface Inferred {
  config: ClipConfig
  /** Guesses in words: settings that neither the shapes nor a published model of that name determine. */
  guessed: string[]
}

/**
 * Takes widths, depths and sizes from the shapes. Other settings are those of the published models of that name and
 * width, or else guessed as in OpenAI's models.
 *
 * @param name the name under which the weights are published, or of their file; `openai` for weights with OpenAI's notes,
 *   whose code takes everything from the shapes
 * @param activation overrides the guess
 */
export function inferConfig(shapes: Shapes, name: string, activation?: Activation): Inferred {
  const headsOf = name === 'openai' ? openaiHeads : publishedHeads
  const dim = (parameter: string, axis: number): number => {
    const found = shapes.get(parameter)?.at(axis)
    if (found === undefined) throw new CheckpointError(`parameter ${parameter} is missing from the checkpoint`)
    return found
  }
  const known = activationOf(name)
  const act = activation ?? known ?? 'quickgelu'
  const image = shapes.has('visual.proj')
    ? visionTransformer(shapes, dim, act, headsOf.image)
    : shapes.has('visual.conv1.weight')
      ? modifiedResNet(shapes, dim)
      : undefined
  const text = shapes.has('text_projection') ? textTower(shapes, dim, act, headsOf.text) : undefined
  if (!image && !text) throw new CheckpointError('the checkpoint holds neither of the two encoders')
  const embedDim = text
    ? dim('text_projection', 1)
    : shapes.has('visual.proj')
      ? dim('visual.proj', 1)
      : dim('visual.attnpool.c_proj.weight', 0)
  // Published models of these names have OpenAI's layout and vocabulary; CLIPA's, of the same names, have not.
  const plain =
    known !== undefined &&
    (image?.kind !== 'vision-transformer' || image.preNorm) &&
    (!text || text.vocabularySize === clipsVocabulary)
  const config = { embedDim, image, text }
  return { config, guessed: name === 'openai' ? [] : guesses(config, plain, activation) }
}

/** Tokens in CLIP's vocabulary, start and end included. */
export const clipsVocabulary = 49408

const headsIn = ({ heads }: { heads: number }): string => (heads === 1 ? '1 head' : `${heads} heads`)

function guesses({ image, text }: ClipConfig, plain: boolean, activation: Activation | undefined): string[] {
  const isViT = image?.kind === 'vision-transformer'
  const heads = [
    ...(isViT && !(image.width in publishedHeads.image) ? [`${headsIn(image)} in the image encoder`] : []),
    ...(text && !(text.width in publishedHeads.text) ? [`${headsIn(text)} in the text encoder`] : []),
  ]
  if (plain) return heads
  return [
    ...heads,
    ...(activation || !(isViT || text) ? [] : ['QuickGELU as activation']),
    ...(isViT || text ? ['1e-5 as epsilon of LayerNorms'] : []),
    ...(isViT ? ['images read at the class token'] : []),
    ...(text ? ["CLIP's tokenizer", 'causal attention in the text encoder', 'texts read at the highest token id'] : []),
  ]
}

type Dim = (name: string, axis: number) => number

/** The number of parts `prefix0…`, `prefix1…` */
function count(shapes: Shapes, prefix: string): number {
  const numbers = new Set(
    [...shapes.keys()].filter((k) => k.startsWith(prefix)).map((k) => k.slice(prefix.length).split('.')[0]),
  )
  return numbers.size
}

function visionTransformer(shapes: Shapes, dim: Dim, activation: Activation, headsOf: Heads): ImageTowerConfig {
  const width = dim('visual.conv1.weight', 0)
  const patchSize = dim('visual.conv1.weight', -1)
  return {
    kind: 'vision-transformer',
    width,
    layers: count(shapes, 'visual.transformer.resblocks.'),
    heads: headsOf[width] ?? Math.max(1, Math.floor(width / 64)),
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

function textTower(shapes: Shapes, dim: Dim, activation: Activation, headsOf: Heads): TextTowerConfig {
  const width = dim('ln_final.weight', 0)
  const vocabularySize = dim('token_embedding.weight', 0)
  return {
    width,
    layers: count(shapes, 'transformer.resblocks.'),
    heads: headsOf[width] ?? Math.max(1, Math.floor(width / 64)),
    mlpWidth: dim('transformer.resblocks.0.mlp.c_fc.weight', 0),
    activation,
    layerNormEpsilon: 1e-5,
    contextLength: dim('positional_embedding', 0),
    vocabularySize,
    pool: 'argmax',
    endId: vocabularySize - 1,
  }
}
