// Names of known models, and the one that a misspelt name probably means.

import { editDistance } from '../errors.ts'
import { openaiModels } from './openai-models.ts'

/** Some of the hub's many; any repository with a CLIP of OpenAI's, open_clip's or transformers' kind can be named. */
export const hubExamples: readonly string[] = [
  'openai/clip-vit-base-patch32',
  'openai/clip-vit-large-patch14-336',
  'laion/CLIP-ViT-B-32-laion2B-s34B-b79K',
  'laion/CLIP-ViT-B-16-DataComp.XL-s13B-b90K',
  'laion/CLIP-ViT-H-14-laion2B-s32B-b79K',
]

const otherHubModels = [
  'openai/clip-vit-base-patch16',
  'openai/clip-vit-large-patch14',
  'laion/CLIP-ViT-g-14-laion2B-s12B-b42K',
  'laion/CLIP-ViT-bigG-14-laion2B-39B-b160k',
]

const known = [...openaiModels, ...hubExamples, ...otherHubModels]

/** `ViT-B/33`, `vit-b/32`, `ViT-B-32/openai`: an architecture in place of an organisation of the hub. */
export const isArchitecture = (name: string): boolean => /^(vit-(s|m|b|l|h|g|bigg)|rn-?\d+(x\d+)?)([-/@]|$)/i.test(name)

/** The model that was probably meant; undefined if none is similar. */
export function nearestModel(name: string): string | undefined {
  const typed = bare(name)
  if (typed === '') return undefined
  const same = known.find((model) => bare(model) === typed)
  const longer = typed.length >= 6 ? known.find((model) => bare(model).includes(typed)) : undefined
  if (same || longer) return same ?? longer
  const [nearest] = known
    .map((model) => ({ model, distance: editDistance(typed, bare(model)) }))
    .sort((a, b) => a.distance - b.distance)
  return nearest!.distance <= Math.max(1, Math.floor(typed.length / 6)) ? nearest!.model : undefined
}

/** `ViT-B/32`, `vit-b-32` and `VITB32` are the same. */
const bare = (name: string): string => name.toLowerCase().replace(/[^a-z\d]/g, '')
