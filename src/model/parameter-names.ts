// Facts about a parameter from its canonical name (OpenAI's: `visual.transformer.resblocks.0.attn.in_proj_weight`).

/** The encoder that a parameter belongs to. Undefined for the logit scale and bias, and for an objective's own parameters. */
export function towerOf(name: string): 'image' | 'text' | undefined {
  if (name.startsWith('visual.')) return 'image'
  return ofText.test(name) ? 'text' : undefined
}

const ofText = /^(transformer\.|token_embedding\.|positional_embedding$|ln_final\.|text_projection$)/

/** `visual.transformer.resblocks.3` of `visual.transformer.resblocks.3.attn`; undefined outside transformer blocks. */
export const transformerBlock = (name: string): string | undefined => /^.*\bresblocks\.\d+/.exec(name)?.[0]

/** Index of a parameter's block in its encoder: the transformer block, or the stage of a ResNet. */
export function blockIndex(name: string): number | undefined {
  const block = /\bresblocks\.(\d+)\./.exec(name)?.[1]
  const stage = /^visual\.layer([1-4])\./.exec(name)?.[1]
  if (block !== undefined) return Number(block)
  return stage === undefined ? undefined : Number(stage) - 1
}

/** Whether a parameter comes before the first block: patches or stem, tokens, positions. */
export const isBeforeBlocks = (name: string): boolean =>
  /^(visual\.(conv\d|bn\d|class_embedding|positional_embedding|ln_pre)\b|token_embedding\.|positional_embedding$)/.test(
    name,
  )

/** Running statistics of batch normalisation: updated by the forward pass, not by gradients. */
export const isBuffer = (name: string): boolean => /\.running_(mean|var)$/.test(name)

/** The gain of the batch normalisation that a running statistic belongs to. */
export const gainOf = (buffer: string): string => buffer.replace(/running_(mean|var)$/, 'weight')
