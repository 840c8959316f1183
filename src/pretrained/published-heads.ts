// Heads and activations of published weights that come without a config, by an encoder's width and by name.

import type { Activation } from '../model/config.ts'

/** Heads by width; of another width, heads are 64 wide. */
export type Heads = Readonly<Record<number, number>>

/** OpenAI's code makes every head 64 wide. */
export const openaiHeads = { image: {}, text: {} } as const satisfies Record<string, Heads>

/**
 * As in OpenAI's models and in open_clip's `model_configs/` (`vision_cfg.width / head_width`, and `text_cfg.heads`): ViT-S,
 * M, B, B-plus, L; then H, g, bigG and e, whose heads are wider than 64.
 */
export const publishedHeads: { readonly image: Heads; readonly text: Heads } = {
  image: { 384: 6, 512: 8, 768: 12, 896: 14, 1024: 16, 1280: 16, 1408: 16, 1664: 16, 1792: 16 },
  text: { 256: 4, 384: 6, 512: 8, 640: 10, 768: 12, 1024: 16, 1280: 20 },
}

// A part of a name (open_clip's pretrained tags; the first that fits).
const tags: readonly (readonly [RegExp, Activation])[] = [
  [/openai|metaclip_400m|metaclip_fullcc|yfcc15m|cc12m|laion400m_e3[12].*b-?32|b-?32.*laion400m_e3[12]/i, 'quickgelu'],
  [/laion2b|laion400m|datacomp|commonpool|metaclip_altogether|dfn2b_s39b/i, 'gelu'],
  [/dfn2b|dfn5b/i, 'quickgelu'],
]

/** The activation that weights of a known name were trained with. */
export const activationOf = (name: string): Activation | undefined => tags.find(([tag]) => tag.test(name))?.[1]
