// Published configurations and names, read into ours.

import type { Activation } from '../config.ts'

export { fromHuggingFace } from './hugging-face.ts'
export { fromOpenClip } from './open-clip.ts'

// Weights published without a configuration, by a part of their name (open_clip's pretrained tags; the first that fits).
const tags: readonly (readonly [RegExp, Activation])[] = [
  [/openai|metaclip_400m|metaclip_fullcc|yfcc15m|cc12m|laion400m_e3[12].*b-?32|b-?32.*laion400m_e3[12]/i, 'quickgelu'],
  [/laion2b|laion400m|datacomp|commonpool|metaclip_altogether|dfn2b_s39b/i, 'gelu'],
  [/dfn2b|dfn5b/i, 'quickgelu'],
]

/** The activation that weights of a known name were trained with. */
export const activationOf = (name: string): Activation | undefined => tags.find(([tag]) => tag.test(name))?.[1]
