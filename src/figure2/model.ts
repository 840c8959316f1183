// The default model of Figure 2: a small version of the paper's ModifiedResNet, as an open_clip config.

/** The image encoder is shared by all objectives; each has its own text part. */
export const figure2Model = {
  embed_dim: 128,
  vision_cfg: { layers: [1, 1, 1, 1], width: 32, image_size: 64, head_width: 64 },
  text_cfg: { context_length: 32, vocab_size: 49408, width: 128, heads: 2, layers: 3 },
} as const
