// `convert`: a model in another project's layout: its weights under other names, its config files beside them.

import type { DownloadOptions } from '../download/hub.node.ts'
import { CheckpointError } from '../errors.ts'
import type { FloatType } from '../formats/compose.ts'
import { type ConvertTarget, families } from '../formats/families.ts'
import { type ConvertReport, convertCheckpoint } from '../formats/rewrite.node.ts'
import { wholeConfig } from '../formats/whole-config.ts'
import type { Activation } from '../model/config.ts'
import { trainsTextTower } from '../objectives/index.ts'
import { readMerges } from '../tokenizer/vocabulary.node.ts'
import { hasClipsVocabulary, tokenizerTexts } from './model-tokenizer.node.ts'
import { openModel } from './open.node.ts'

/** Options of `convert`. */
export interface ConversionOptions extends Omit<DownloadOptions, 'onProgress' | 'files'> {
  /** The project whose layout is written: `openai`, `open_clip` or `hf` (Hugging Face). */
  to: ConvertTarget
  /** The type that real numbers are written as. Default: as stored. */
  dtype?: FloatType | undefined
  /** Overrides what the checkpoint says or what was guessed. */
  activation?: Activation | undefined
  /** Replaces files that are already there. Default: false, which refuses. */
  overwrite?: boolean | undefined
  /** Called as tensors are written; `written` and `total` are bytes. */
  onProgress?: ((progress: { tensor: string; written: number; total: number }) => void) | undefined
  /** Called as a model is downloaded. */
  onDownload?: DownloadOptions['onProgress']
}

/** What `convert` wrote, and what a user should know about it. */
export interface Conversion extends ConvertReport {
  /** What a user should know of the result. */
  notices: string[]
}

/**
 * Writes a model as OpenAI, open_clip or Hugging Face publish theirs. If the type stays the same, every number keeps its
 * bits.
 *
 * @param model as `load` takes it
 * @param target a `.safetensors` file for `openai`, else a folder
 * @throws CheckpointError if the project has no place for the model, UsageError if the target exists
 */
export async function convert(model: string, target: string, options: ConversionOptions): Promise<Conversion> {
  const { to, dtype, overwrite, onProgress, onDownload, ...download } = options
  const opened = await openModel(model, { ...download, onProgress: onDownload })
  const { checkpoint, sources, config, objective, preprocessing, notices, path, folder } = opened
  if (!trainsTextTower(objective)) {
    throw new CheckpointError(
      `${path} was trained with the objective ${objective}; no other project has a model like it, so it cannot be converted`,
    )
  }
  const whole = wholeConfig(config, path)
  const { tokenizer, own } = await opened.tokenizer()
  if (to !== 'hf' && own && !(await hasClipsVocabulary(tokenizer))) {
    throw new CheckpointError(
      `${path} has a vocabulary of its own (${tokenizer.vocabularySize} tokens), which ${to}'s layout has no place for; convert to hf instead`,
    )
  }
  const { notices: more, ...beside } = families[to].beside({
    config: whole,
    preprocessing,
    logitBias: sources.has('logit_bias'),
    tokenizer,
    tokenizerFiles: own ? await tokenizerTexts(folder) : undefined,
    merges: await readMerges(),
  })
  const named = { tensors: checkpoint.tensors, sources }
  const report = await convertCheckpoint(named, target, { to, dtype, overwrite, onProgress, ...beside })
  return { ...report, notices: [...notices, ...more] }
}
