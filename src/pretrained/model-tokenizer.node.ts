// The tokenizer that belongs to a model: its folder's own where Hugging Face's names are used, CLIP's otherwise.

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { tokenizerFiles } from '../checkpoint/weight-files.ts'
import { CheckpointError } from '../errors.ts'
import { parseJson, readTextIfThere } from '../files/json.node.ts'
import type { Naming } from '../formats/tensor-names.ts'
import type { TokenizerFiles } from '../tokenizer/hugging-face.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'
import { loadTokenizer } from '../tokenizer/vocabulary.node.ts'

export interface ModelTokenizer {
  tokenizer: Tokenizer
  /** Whether it is the folder's own, not the one that ships. */
  own: boolean
}

/** Loads the reader only for a folder that needs it: most models use the tokenizer that ships. */
async function folderTokenizer(folder: string): Promise<Tokenizer | undefined> {
  const { huggingFaceTokenizerOf } = await import('../tokenizer/hugging-face.ts')
  return huggingFaceTokenizerOf(await filesIn(folder), folder)
}

/**
 * @param model.vocabulary the rows of the token embedding
 * @throws CheckpointError for a tokenizer that typeclip does not have. Without a tokenizer, a vocabulary that is not
 *   CLIP's is refused when a text is encoded, because images can be used without it.
 */
export async function modelTokenizer(
  folder: string,
  model: { naming: Naming; configured: boolean; vocabulary: number | undefined; path: string },
): Promise<ModelTokenizer> {
  const huggingFace = model.naming === 'hf'
  const { vocabulary } = model
  const own = huggingFace ? await folderTokenizer(folder) : undefined
  if (own) {
    if (vocabulary !== undefined && own.vocabularySize > vocabulary) {
      throw new CheckpointError(
        `${folder}: its tokenizer has ${own.vocabularySize} tokens, and the model embeds ${vocabulary}; the tokenizer is of another model, or the embedding was not resized when tokens were added`,
      )
    }
    return { tokenizer: own, own: true }
  }
  const ships = await loadTokenizer(huggingFace ? { clean: 'huggingface', convention: 'huggingface' } : {})
  // open_clip pads some tables; a configuration says that it is on purpose.
  const fits =
    vocabulary === undefined ||
    vocabulary === ships.vocabularySize ||
    (vocabulary > ships.vocabularySize && model.configured && !huggingFace)
  if (fits) return { tokenizer: ships, own: false }
  const missing = huggingFace
    ? `and ${folder} has no tokenizer (tokenizer.json, or vocab.json and merges.txt): put its files there`
    : 'and a tokenizer for another vocabulary can only be read from a Hugging Face folder'
  const message = `${model.path}: its vocabulary has ${vocabulary} tokens where CLIP's has ${ships.vocabularySize}, ${missing}. Its texts cannot be encoded; its images can`
  return { tokenizer: refusing(ships, message), own: false }
}

function refusing(tokenizer: Tokenizer, message: string): Tokenizer {
  return {
    ...tokenizer,
    encode() {
      throw new CheckpointError(message)
    },
  }
}

async function filesIn(folder: string): Promise<TokenizerFiles> {
  const texts = await tokenizerTexts(folder)
  const files = Object.entries(texts)
    // `tokenizer.json` holds the vocabulary too.
    .filter(([name]) => !('tokenizer.json' in texts && /^(vocab.json|merges.txt)$/.test(name)))
    .map(([name, text]) => [name, name.endsWith('.json') ? parseJson(text, join(folder, name)) : text])
  return Object.fromEntries(files)
}

/** The notice for a folder with Hugging Face's names, CLIP's vocabulary size and no tokenizer; undefined if it has one. */
export async function missingTokenizer(folder: string): Promise<string | undefined> {
  const entries = await readdir(folder)
  if (entries.includes('tokenizer.json') || entries.includes('vocab.json')) return undefined
  return `${folder} has no tokenizer (tokenizer.json, or vocab.json and merges.txt), so CLIP's own is used; if it was trained with another, put its files there.`
}

/** A folder's tokenizer files as they are, by name. */
export async function tokenizerTexts(folder: string): Promise<Record<string, string>> {
  const texts: Record<string, string> = {}
  for (const name of tokenizerFiles) {
    const text = await readTextIfThere(join(folder, name))
    if (text !== undefined) texts[name] = text
  }
  return texts
}

/** Whether a tokenizer has the ids of CLIP's vocabulary, which all layouts but Hugging Face's presuppose. */
export async function hasClipsVocabulary(tokenizer: Tokenizer): Promise<boolean> {
  const ships = await loadTokenizer()
  if (tokenizer.vocabularySize !== ships.vocabularySize) return false
  for (let id = 0; id < ships.vocabularySize; id++) if (tokenizer.piece(id) !== ships.piece(id)) return false
  return tokenizer.startId === ships.startId && tokenizer.endId === ships.endId
}
