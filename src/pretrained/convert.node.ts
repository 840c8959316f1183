// `convert`: a model as another project publishes it, its weights under other names and its configuration beside them.

import type { DownloadOptions } from '../download/hub.node.ts'
import { CheckpointError } from '../errors.ts'
import type { FloatType } from '../formats/compose.ts'
import {
  huggingFaceConfig,
  huggingFacePreprocessor,
  notForOpenai,
  openClipConfig,
  type WholeConfig,
  wholeConfig,
} from '../formats/config-files.ts'
import { huggingFaceTokenizer } from '../formats/hugging-face-tokenizer.ts'
import { type ConvertReport, type ConvertTarget, convertCheckpoint } from '../formats/rewrite.node.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { Activation } from '../model/config.ts'
import { trainsTextTower } from '../objectives/index.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'
import { readMerges } from '../tokenizer/vocabulary.node.ts'
import { hasClipsVocabulary, tokenizerTexts } from './model-tokenizer.node.ts'
import { openModel } from './open.node.ts'

/** Options of `convert`. */
export interface ConversionOptions extends Omit<DownloadOptions, 'onProgress' | 'files'> {
  /** The project whose layout is written: `openai`, `open_clip` or `hf` (Hugging Face). */
  to: ConvertTarget
  /** The type that real numbers are written as. Default: as stored. */
  dtype?: FloatType | undefined
  /** What the model was trained with, where it does not say. */
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

interface Files {
  files?: Record<string, string>
  notes?: Record<string, number>
  notices: string[]
}

/**
 * Writes a model as OpenAI, open_clip or Hugging Face publish theirs. Where the type stays the same, every number keeps
 * its bits.
 *
 * @param model as `load` takes it
 * @param target a `.safetensors` file for `openai`, else a folder
 * @throws CheckpointError where the project cannot hold the model, UsageError where the target exists
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
  const words: Words = { tokenizer, files: own ? await tokenizerTexts(folder) : undefined }
  if (to !== 'hf' && own && !(await hasClipsVocabulary(tokenizer))) {
    throw new CheckpointError(
      `${path} has a vocabulary of its own (${tokenizer.vocabularySize} tokens), which ${to}'s layout has no place for; convert to hf instead`,
    )
  }
  const beside = await layouts[to](whole, preprocessing, sources.has('logit_bias'), words)
  const { files, notes } = beside
  const report = await convertCheckpoint(checkpoint, target, { to, dtype, overwrite, onProgress, files, notes })
  return { ...report, notices: [...notices, ...beside.notices] }
}

/** A model's tokenizer, and its files where the model's folder has its own. */
interface Words {
  tokenizer: Tokenizer
  files: Record<string, string> | undefined
}

type Layout = (config: WholeConfig, how: Preprocessing, logitBias: boolean, words: Words) => Promise<Files>

/** What each project wants beside the weights. */
const layouts: Record<ConvertTarget, Layout> = {
  async openai(config) {
    const misfit = notForOpenai(config)
    if (misfit) {
      throw new CheckpointError(`OpenAI's code cannot build this model: ${misfit}; convert to open_clip instead`)
    }
    const { image, text } = config
    if (text.activation !== 'quickgelu') {
      return {
        notices: [
          "OpenAI's code builds every model with QuickGELU, and this one was trained with GELU: load the result with GELU (`activation`), and not with OpenAI's code.",
        ],
      }
    }
    // OpenAI's files carry these, and typeclip knows QuickGELU by them.
    const { contextLength: context_length, vocabularySize: vocab_size } = text
    return { notes: { input_resolution: image.imageSize, context_length, vocab_size }, notices: [] }
  },

  async open_clip(config, how, logitBias) {
    return { files: { 'open_clip_config.json': json(openClipConfig(config, how, { logitBias })) }, notices: [] }
  },

  async hf(config, how, _, { tokenizer, files: own }) {
    const files = {
      'config.json': json(huggingFaceConfig(config, startIdOf(config, tokenizer))),
      'preprocessor_config.json': json(huggingFacePreprocessor(how)),
      ...own,
    }
    if (own) return { files, notices: [] }
    const merges = await readMerges()
    const { contextLength, vocabularySize } = config.text
    if (vocabularySize !== merges.length / 2 + 514) {
      const notice = `The text tower has a vocabulary of ${vocabularySize}, which is not CLIP's, so no tokenizer was written beside it.`
      return { files, notices: [notice] }
    }
    return { files: { ...files, ...huggingFaceTokenizer(merges, contextLength) }, notices: [] }
  },
}

/** A tokenizer of another vocabulary than the model's is not the model's. */
const startIdOf = ({ text }: WholeConfig, { startId, vocabularySize }: Tokenizer): number =>
  vocabularySize <= text.vocabularySize ? startId : text.endId - 1

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
