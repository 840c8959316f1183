// The ways to clean a text before it is split into words, by name.

import { fixText } from './ftfy/fix-text.ts'
import { unescapeHtml } from './html.ts'
import { collapseWhitespace } from './whitespace.ts'

/** OpenAI's `basic_clean`. ftfy decodes few HTML entities; text that was escaped twice needs two more rounds. */
const repair = (text: string) => unescapeHtml(unescapeHtml(fixText(text)))

const asciiPunctuation = /[!-/:-@[-`{-~]/g

export const cleanings = {
  /** `clip.tokenize`: repaired, white space collapsed, lower case. open_clip calls the same `lower`. */
  openai: (text: string) => collapseWhitespace(repair(text)).toLowerCase(),
  /** open_clip's `whitespace`: as `openai`, but keeps upper case. */
  whitespace: (text: string) => collapseWhitespace(repair(text)),
  /** open_clip's `canonicalize` (SigLIP): as `openai`, without ASCII punctuation. */
  canonicalize: (text: string) =>
    collapseWhitespace(repair(text).replaceAll('_', ' ').replace(asciiPunctuation, '').toLowerCase()),
  /** As in Hugging Face's `tokenizer.json`: NFC, white space as one space, lower case of each character by itself. */
  huggingface: (text: string) =>
    text
      .normalize('NFC')
      .replace(/\p{White_Space}+/gu, ' ')
      .replaceAll('Σ', 'σ')
      .toLowerCase(),
  /** The text unchanged. */
  none: (text: string) => text,
} satisfies Record<string, (text: string) => string>

/** The name of a way to clean text. */
export type Cleaning = keyof typeof cleanings
