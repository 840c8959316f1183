// What parameters begin with where training starts from scratch: as in openai/CLIP and open_clip, which set the text
// tower, the projections and the attention pool, and leave the rest to PyTorch's defaults (§2.5; GPT-2's for the text).

import type { Random } from '../random.ts'
import type { ClipConfig } from './config.ts'

interface Parameter {
  name: string
  shape: readonly number[]
  config: ClipConfig
}

/** The values of one parameter: of elements by themselves, from random numbers or without. */
type Rule = (parameter: Parameter, random: Random) => () => number

const constant =
  (value: number): Rule =>
  () =>
  () =>
    value

/** Normal with mean 0. */
const normal =
  (deviation: (parameter: Parameter) => number): Rule =>
  (parameter, random) => {
    const std = deviation(parameter)
    return () => random.normal() * std
  }

/** Between −bound and bound. */
const uniform =
  (bound: (parameter: Parameter) => number): Rule =>
  (parameter, random) => {
    const most = bound(parameter)
    return () => (2 * random.next() - 1) * most
  }

/** Of a linear layer or convolution: how many numbers each of its outputs is made of. */
const fanIn = ({ shape }: Parameter): number => shape.slice(1).reduce((product, dim) => product * dim, 1)

/** PyTorch's default for linear layers and convolutions, Kaiming with a = √5, which comes to ±1/√fan-in. */
const kaiming = uniform((parameter) => fanIn(parameter) ** -0.5)
/** PyTorch's default for their biases: the same bound, with a fan-in that their shape does not tell. */
const bias = (inputs: (config: ClipConfig) => number): Rule => uniform(({ config }) => inputs(config) ** -0.5)
/** PyTorch's default for the packed weights of attention, √(6 / (in + out)) with all three as its outputs. */
const xavier = uniform(({ shape: [out, inputs] }) => Math.sqrt(6 / (inputs! + out!)))

function image({ image: tower }: ClipConfig) {
  if (!tower) throw new Error('the configuration has no image tower')
  return tower
}

function text({ text: tower }: ClipConfig) {
  if (!tower) throw new Error('the configuration has no text tower')
  return tower
}

/** Channels of the image tower's grid. */
function gridWidth(config: ClipConfig): number {
  const tower = image(config)
  return tower.kind === 'modified-resnet' ? tower.width * 32 : tower.width
}

function imageMlpWidth(config: ClipConfig): number {
  const tower = image(config)
  return tower.kind === 'vision-transformer' ? tower.mlpWidth : gridWidth(config)
}

const imageScale = normal(({ config }) => image(config).width ** -0.5)
const rows = normal(({ shape }) => shape[0]! ** -0.5)
const columns = normal(({ shape }) => shape[1]! ** -0.5)
/** What is added to a transformer's main stream is the smaller, the more often that happens: twice in each block. */
const intoStream = normal(({ config }) => text(config).width ** -0.5 * (2 * text(config).layers) ** -0.5)

/** The first pattern that a name fits says its rule. Names begin where `^` is; a caption decoder is as the text tower. */
const rules: readonly (readonly [name: RegExp, rule: Rule])[] = [
  [/^logit_scale$/, constant(Math.log(1 / 0.07))],
  [/^logit_bias$/, constant(-10)],

  // Normalisation begins as the identity, and each residual block of a ResNet with what it adds at zero.
  [/^visual\.layer\d\.\d+\.bn3\.weight$/, constant(0)],
  [/\b(ln_\w+|bn\d|downsample\.1)\.weight$/, constant(1)],
  [/\b(ln_\w+|bn\d|downsample\.1)\.bias$/, constant(0)],
  [/\.running_mean$/, constant(0)],
  [/\.running_var$/, constant(1)],
  [/\.num_batches_tracked$/, constant(0)],

  [/^visual\.(class_embedding|positional_embedding|proj)$/, imageScale],
  [/^visual\.attnpool\.positional_embedding$/, columns],
  [/^visual\.attnpool\.[qkvc]_proj\.weight$/, columns],
  [/^visual\.attnpool\.[qkvc]_proj\.bias$/, bias(gridWidth)],
  [/^visual\.transformer\.resblocks\.\d+\.attn\.in_proj_weight$/, xavier],
  [/^visual\..*\.mlp\.c_fc\.bias$/, bias((config) => image(config).width)],
  [/^visual\..*\.mlp\.c_proj\.bias$/, bias(imageMlpWidth)],

  [/^(caption\.|cbow\.)?token_embedding\.weight$/, normal(() => 0.02)],
  [/^(caption\.)?positional_embedding$/, normal(() => 0.01)],
  [/^(cbow\.)?text_projection$/, rows],
  [/^(caption\.)?transformer\.resblocks\.\d+\.attn\.in_proj_weight$/, columns],
  [
    /^(caption\.)?transformer\.resblocks\.\d+\.mlp\.c_fc\.weight$/,
    normal(({ config }) => (2 * text(config).width) ** -0.5),
  ],
  [/^(caption\.)?transformer\.resblocks\.\d+\.(attn\.out_proj|mlp\.c_proj)\.weight$/, intoStream],
  [/^(caption\.)?transformer\.resblocks\.\d+\.mlp\.c_fc\.bias$/, bias((config) => text(config).width)],
  [/^(caption\.)?transformer\.resblocks\.\d+\.mlp\.c_proj\.bias$/, bias((config) => text(config).mlpWidth)],

  // Our own, as what they resemble.
  [/^caption\.transformer\.resblocks\.\d+\.cross_attn\.[qkv]_proj\.weight$/, columns],
  [/^caption\.transformer\.resblocks\.\d+\.cross_attn\.out_proj\.weight$/, intoStream],
  [/^caption\.transformer\.resblocks\.\d+\.cross_attn\.[qkv]_proj\.bias$/, constant(0)],
  [/^caption\.image_projection\.weight$/, columns],
  [/^caption\.image_projection\.bias$/, bias(gridWidth)],
  [/^bag_of_words\.bias$/, bias(({ embedDim }) => embedDim)],

  [/\.attn\.in_proj_bias$/, constant(0)],
  [/attn\.out_proj\.bias$/, constant(0)],
  [/^(visual\..*|bag_of_words)\.weight$/, kaiming],
]

/**
 * Values for a parameter of a model that is trained from scratch.
 *
 * @param name canonical (`visual.transformer.resblocks.0.attn.in_proj_weight`)
 * @param config the model's, with the towers that the parameter's rule asks about
 * @param random give each parameter its own (`createRandom(seed, name)`), and the order of asking does not matter
 * @throws Error for a name that no part of a model has
 */
export function initialize(name: string, shape: readonly number[], config: ClipConfig, random: Random): Float32Array {
  const found = rules.find(([pattern]) => pattern.test(name))
  if (!found) throw new Error(`parameter ${name} [${shape.join(', ')}]: no rule says what it begins with`)
  const draw = found[1]({ name, shape, config }, random)
  const values = new Float32Array(shape.reduce((product, dim) => product * dim, 1))
  for (let i = 0; i < values.length; i++) values[i] = draw()
  return values
}
