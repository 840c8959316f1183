// The model that Figure 2 is made with where none is named: the paper's ModifiedResNet, made small. In open_clip's form.

/** The image encoder is the same for all objectives; the text part is what an objective makes of it. */
export const figure2Model = {
  embed_dim: 128,
  vision_cfg: { layers: [1, 1, 1, 1], width: 32, image_size: 64, head_width: 64 },
  text_cfg: { context_length: 32, vocab_size: 49408, width: 128, heads: 2, layers: 3 },
} as const
