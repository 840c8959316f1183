// The three projects as a table: how each names tensors, and which files it has beside the weights, read and written.

import { CheckpointError } from '../errors.ts'
import { jsonText } from '../files/json-text.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Merges } from '../tokenizer/bpe.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'
import type { Json } from './fields.ts'
import { fromHuggingFace, huggingFaceConfig } from './hugging-face.ts'
import { huggingFacePreprocessor, preprocessingFromHuggingFace } from './hugging-face-processor.ts'
import { huggingFaceTokenizer } from './hugging-face-tokenizer.ts'
import { fromOpenClip, openClipConfig, preprocessingFromOpenClip } from './open-clip.ts'
import { notForOpenai, openaiNotes } from './openai.ts'
import { type Source, toHuggingFace } from './tensor-names.ts'
import type { WholeConfig } from './whole-config.ts'

/** `openai`: one file. `open_clip`, `hf`: a folder as those projects lay it out. */
export type ConvertTarget = 'openai' | 'open_clip' | 'hf'

/** The config files of a model folder. */
export interface Folder {
  /** The path of a file, for messages. */
  path(name: string): string
  /** A file's JSON; undefined if there is no such file. */
  json(name: string): Promise<unknown>
}

/** What the files beside the weights are made from. */
export interface ModelToWrite {
  config: WholeConfig
  preprocessing: Preprocessing
  logitBias: boolean
  tokenizer: Tokenizer
  /** The model's own tokenizer files by name; undefined if it uses CLIP's tokenizer. */
  tokenizerFiles: Readonly<Record<string, string>> | undefined
  /** Of CLIP's vocabulary. */
  merges: Merges
}

/** What goes beside the weights. */
export interface Beside {
  files?: Readonly<Record<string, string>> | undefined
  /** Integers among the weights: OpenAI's notes of the architecture (`input_resolution` …). */
  notes?: Readonly<Record<string, number>> | undefined
  /** What a user should know of the result. */
  notices: string[]
}

/** One project. */
interface Family {
  /** The file of weights in a folder; undefined for a single file. */
  weights: string | undefined
  /** A canonical tensor's name here and how it is made; undefined if there is none. */
  tensor(canonical: string): Source | undefined
  /** @throws CheckpointError if the project's code cannot build the model */
  beside(model: ModelToWrite): Beside
}

interface FolderFamily extends Family {
  config(folder: Folder): Promise<ClipConfig | undefined>
  /** @param size of the model's images */
  preprocessing(folder: Folder, size: number): Promise<Preprocessing | undefined>
}

const asCanonical = (name: string): Source => ({ names: [name], how: name.startsWith('logit_') ? 'reshape' : 'same' })

const openClipFile = 'open_clip_config.json'

export const families = {
  openai: {
    weights: undefined,
    tensor: asCanonical,
    beside({ config }) {
      const misfit = notForOpenai(config)
      if (misfit) {
        throw new CheckpointError(`OpenAI's code cannot build this model: ${misfit}; convert to open_clip instead`)
      }
      if (config.text.activation === 'quickgelu') return { notes: openaiNotes(config), notices: [] }
      return {
        notices: [
          "OpenAI's code builds every model with QuickGELU, and this one was trained with GELU: load the result with GELU (`activation`), and not with OpenAI's code.",
        ],
      }
    },
  },

  open_clip: {
    weights: 'open_clip_model.safetensors',
    tensor: asCanonical,
    async config(folder) {
      const json = await folder.json(openClipFile)
      return json ? fromOpenClip(json, folder.path(openClipFile)) : undefined
    },
    async preprocessing(folder, size) {
      const json = await folder.json(openClipFile)
      return json ? preprocessingFromOpenClip(json, size, folder.path(openClipFile)) : undefined
    },
    beside({ config, preprocessing, logitBias }) {
      return {
        files: { [openClipFile]: jsonText(openClipConfig(config, preprocessing, { logitBias })) },
        notices: [],
      }
    },
  },

  hf: {
    weights: 'model.safetensors',
    tensor: toHuggingFace,
    async config(folder) {
      // A folder may hold a config.json of something else.
      const json = await folder.json('config.json')
      return isConfig(json) ? fromHuggingFace(json, folder.path('config.json')) : undefined
    },
    async preprocessing(folder, size) {
      // transformers 5 writes all processors into one file, and reads that one first.
      const whole = (await folder.json('processor_config.json')) as { image_processor?: unknown } | undefined
      if (whole?.image_processor) {
        const where = `${folder.path('processor_config.json')}: image_processor`
        return preprocessingFromHuggingFace(whole.image_processor, size, where)
      }
      const json = await folder.json('preprocessor_config.json')
      if (json === undefined) return undefined
      return preprocessingFromHuggingFace(json, size, folder.path('preprocessor_config.json'))
    },
    beside({ config, preprocessing, tokenizer, tokenizerFiles, merges }) {
      const { vocabularySize, contextLength, endId } = config.text
      // A tokenizer with a larger vocabulary than the model's is not the model's.
      const startId = tokenizer.vocabularySize <= vocabularySize ? tokenizer.startId : endId - 1
      const files = {
        'config.json': jsonText(huggingFaceConfig(config, startId)),
        'preprocessor_config.json': jsonText(huggingFacePreprocessor(preprocessing)),
      }
      if (tokenizerFiles) return { files: { ...files, ...tokenizerFiles }, notices: [] }
      if (vocabularySize === merges.length / 2 + 514) {
        return { files: { ...files, ...huggingFaceTokenizer(merges, contextLength) }, notices: [] }
      }
      const notice = `The text encoder has a vocabulary of ${vocabularySize}, which is not CLIP's, so no tokenizer was written beside it.`
      return { files, notices: [notice] }
    },
  },
} as const satisfies { openai: Family; open_clip: FolderFamily; hf: FolderFamily }

/** Whether JSON is a model config, of open_clip or Hugging Face. */
export const isConfig = (json: unknown): json is Json =>
  typeof json === 'object' &&
  json !== null &&
  ['model_cfg', 'vision_cfg', 'text_cfg', 'vision_config', 'text_config', 'model_type'].some((name) => name in json)

/** Whether a config is open_clip's, not Hugging Face's. */
export const isOpenClipConfig = (json: Json): boolean =>
  'model_cfg' in json || 'vision_cfg' in json || 'text_cfg' in json
