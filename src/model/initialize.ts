// Initial values of parameters for training from scratch, as in openai/CLIP and open_clip: they set the text encoder
// (GPT-2's initialisation), the projections and the attention pool, and leave the rest to PyTorch's defaults (§2.5).

import type { Random } from '../random.ts'
import { imageConfig, textConfig } from './clip.ts'
import type { ClipConfig } from './config.ts'
import { imageTower } from './towers.ts'

interface Parameter {
  name: string
  shape: readonly number[]
  config: ClipConfig
}

/** Returns a function that draws one element of a parameter after the other. */
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
    const limit = bound(parameter)
    return () => (2 * random.next() - 1) * limit
  }

/** The number of inputs of each output of a linear layer or convolution. */
const fanIn = ({ shape }: Parameter): number => shape.slice(1).reduce((product, dim) => product * dim, 1)

/** PyTorch's default for linear layers and convolutions: Kaiming with a = √5, which is uniform in ±1/√fan-in. */
const kaiming = uniform((parameter) => fanIn(parameter) ** -0.5)
/** PyTorch's default for their biases: the same bound; the fan-in is not in the bias's shape. */
const bias = (inputs: (config: ClipConfig) => number): Rule => uniform(({ config }) => inputs(config) ** -0.5)
/** PyTorch's default for packed attention weights: Xavier, √(6 / (in + out)), where `out` counts all three. */
const xavier = uniform(({ shape: [out, inputs] }) => Math.sqrt(6 / (inputs! + out!)))

const gridWidth = (config: ClipConfig): number => imageTower(imageConfig(config)).gridWidth
const imageMlpWidth = (config: ClipConfig): number => imageTower(imageConfig(config)).mlpWidth

const imageScale = normal(({ config }) => imageConfig(config).width ** -0.5)
const rows = normal(({ shape }) => shape[0]! ** -0.5)
const columns = normal(({ shape }) => shape[1]! ** -0.5)
/** Projections into the residual stream are scaled by the number of residual layers, two per block (GPT-2). */
const intoStream = normal(({ config }) => textConfig(config).width ** -0.5 * (2 * textConfig(config).layers) ** -0.5)

/** The first pattern that matches a name decides. The caption decoder is initialised like the text encoder. */
const rules: readonly (readonly [name: RegExp, rule: Rule])[] = [
  [/^logit_scale$/, constant(Math.log(1 / 0.07))],
  [/^logit_bias$/, constant(-10)],

  // Normalisation starts as the identity, and each residual branch of a ResNet at zero.
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
  [/^visual\..*\.mlp\.c_fc\.bias$/, bias((config) => imageConfig(config).width)],
  [/^visual\..*\.mlp\.c_proj\.bias$/, bias(imageMlpWidth)],

  [/^(caption\.|cbow\.)?token_embedding\.weight$/, normal(() => 0.02)],
  [/^(caption\.)?positional_embedding$/, normal(() => 0.01)],
  [/^(cbow\.)?text_projection$/, rows],
  [/^(caption\.)?transformer\.resblocks\.\d+\.attn\.in_proj_weight$/, columns],
  [
    /^(caption\.)?transformer\.resblocks\.\d+\.mlp\.c_fc\.weight$/,
    normal(({ config }) => (2 * textConfig(config).width) ** -0.5),
  ],
  [/^(caption\.)?transformer\.resblocks\.\d+\.(attn\.out_proj|mlp\.c_proj)\.weight$/, intoStream],
  [/^(caption\.)?transformer\.resblocks\.\d+\.mlp\.c_fc\.bias$/, bias((config) => textConfig(config).width)],
  [/^(caption\.)?transformer\.resblocks\.\d+\.mlp\.c_proj\.bias$/, bias((config) => textConfig(config).mlpWidth)],

  // Parameters that only our objectives have: initialised like the most similar parameter of CLIP.
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
 * Initial values of a parameter.
 *
 * @param name canonical (`visual.transformer.resblocks.0.attn.in_proj_weight`)
 * @param config the model's, with the encoder that the parameter belongs to
 * @param random one per parameter (`createRandom(seed, name)`), so that the order of parameters does not matter
 * @throws Error for a name that belongs to no model
 */
export function initialize(name: string, shape: readonly number[], config: ClipConfig, random: Random): Float32Array {
  const [, rule] = rules.find(([pattern]) => pattern.test(name)) ?? []
  if (!rule) throw new Error(`parameter ${name} [${shape.join(', ')}]: no rule for its initial values`)
  const draw = rule({ name, shape, config }, random)
  const values = new Float32Array(shape.reduce((product, dim) => product * dim, 1))
  for (let i = 0; i < values.length; i++) values[i] = draw()
  return values
}
