// The objectives by name.

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

/** A parameter that only one objective has. */
const marks: readonly [parameter: string, objective: ObjectiveName][] = [
  ['bag_of_words.weight', 'bow'],
  ['caption.token_embedding.weight', 'lm'],
  ['cbow.token_embedding.weight', 'bow-contrastive'],
  ['logit_bias', 'siglip'],
]

/** The objective that a checkpoint was trained with, inferred from its parameters. */
export const objectiveOf = (has: (parameter: string) => boolean): ObjectiveName =>
  marks.find(([parameter]) => has(parameter))?.[1] ?? 'contrastive'

/** Whether an objective trains CLIP's text encoder, so that other projects can load the model as a CLIP. */
export const trainsTextTower = (name: ObjectiveName): boolean => objectives[name].encodeText === encodeText

/** Whether a parameter belongs to a single objective and is neither read nor trained by the others. */
export const isOwnParameter = (parameter: string): boolean => marks.some(([mark]) => partOf(parameter) === partOf(mark))

const partOf = (parameter: string): string => parameter.split('.')[0]!
