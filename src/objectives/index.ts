// The objectives by the names that the command line gives them.

import { encodeText } from '../model/clip.ts'
import { bagOfWords } from './bag-of-words.ts'
import { bagOfWordsContrastive } from './bag-of-words-contrastive.ts'
import { caption } from './caption.ts'
import { contrastive } from './contrastive.ts'
import type { Objective } from './objective.ts'
import { siglip } from './siglip.ts'

const table = {
  contrastive,
  siglip,
  bow: bagOfWords,
  lm: caption,
  'bow-contrastive': bagOfWordsContrastive,
} satisfies Record<string, Objective>

/** What a model is trained to minimise: `contrastive` (CLIP's), `siglip`, `lm`, `bow` or `bow-contrastive`. */
export type ObjectiveName = keyof typeof table

/** The training objectives by name. */
export const objectives: Readonly<Record<ObjectiveName, Objective>> = table

/** A parameter that only this objective trains; the others' are CLIP's own. */
const marks: readonly [parameter: string, objective: ObjectiveName][] = [
  ['bag_of_words.weight', 'bow'],
  ['caption.token_embedding.weight', 'lm'],
  ['cbow.token_embedding.weight', 'bow-contrastive'],
  ['logit_bias', 'siglip'],
]

/** What a checkpoint was trained by, as its parameters tell. */
export const objectiveOf = (has: (parameter: string) => boolean): ObjectiveName =>
  marks.find(([parameter]) => has(parameter))?.[1] ?? 'contrastive'

/** Whether an objective trains CLIP's own text tower, so that a model of it is a CLIP as other projects know them. */
export const trainsTextTower = (name: ObjectiveName): boolean => objectives[name].encodeText === encodeText

/** Whether a parameter is an objective's own, so that no other one trains or reads it. */
export const isOwnParameter = (parameter: string): boolean => marks.some(([mark]) => partOf(parameter) === partOf(mark))

const partOf = (parameter: string): string => parameter.split('.')[0]!
