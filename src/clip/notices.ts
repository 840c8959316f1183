// What a user should know while a model is used, and is no error.

import { excerpt } from '../errors.ts'
import type { UnturnedImage } from '../image/pool.node.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'
import { isClipVocabulary } from './spelled-text.ts'

/** A notice while a model is used. `message` is for the user. */
export type UseNotice =
  /**
   * For each image whose EXIF orientation was not applied. `image` is its path or address, if it has one; `id` is the same
   * for the same image.
   */
  | { kind: 'orientation'; message: string; image?: string | undefined; id: string; orientation: number }
  /** Once for a model: the first text in a script that its tokenizer spells in bytes or single letters. */
  | { kind: 'script'; message: string; text: string }

export const orientationNotice = (unturned: UnturnedImage): UseNotice => ({
  kind: 'orientation',
  ...unturned,
  message: `${excerpt(unturned.image ?? 'an image')} has EXIF orientation ${unturned.orientation}, which was not applied; \`exifRotate\` turns it upright`,
})

export const scriptNotice = (tokenizer: Tokenizer, text: string): UseNotice => ({
  kind: 'script',
  text,
  message: `the tokenizer of this model ${isClipVocabulary(tokenizer) ? 'knows English words and' : 'has no words of this script and'} spells texts such as "${excerpt(text, 60)}" in bytes or single letters; expect poor results, unless the model was trained on such texts`,
})
