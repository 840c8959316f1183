// CoOp (Zhou et al., IJCV 2022) as a method: image features once, then the context vectors, and a classifier from them.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openCheckpoint } from '../../checkpoint/open.node.ts'
import { readTensor } from '../../checkpoint/read.node.ts'
import { arrayTensor, writeSafetensors } from '../../checkpoint/write.node.ts'
import { gatherRows, inRows } from '../../clip/matrix.ts'
import { UsageError } from '../../errors.ts'
import type { Tokenizer } from '../../tokenizer/tokenize.ts'
import { changedSettings } from '../../training/run/settings.ts'
import type { Method, MethodRun, Task } from '../method.ts'
import { type EpochOptions, epochOptions, type OptionTable, type RecomputeOption, recomputeOption } from '../options.ts'
import { unitFeatures } from '../unit-features.ts'
import { contextLengthFor, createPromptLearner, defaultContextLength, namePrompts } from './coop.ts'
import { type CoopState, coopRecipe, defaultEpochs, drawnContext, trainContext } from './sgd.ts'

/** Epochs between saved states. */
const saveEvery = 10

/** Options of CoOp. */
export interface CoopOptions {
  /** Number of context vectors. Default: 16; in small models 4. */
  contextLength?: number | undefined
  /** Words that initialise the context vectors. Default: random vectors; in small models `a photo of a`. */
  contextWords?: string | undefined
}

const options: OptionTable<CoopOptions> = {
  contextLength: {
    type: 'count',
    flag: 'context',
    value: 'N',
    help: 'context vectors to learn. Default: 16; in small models 4',
  },
  contextWords: {
    type: 'text',
    value: 'T',
    help: 'words to initialise from. Default: random; in small models a photo of a',
  },
}

type Own = EpochOptions & RecomputeOption & CoopOptions

async function* run(task: Task<Own>): MethodRun {
  const { clip, classes, words, settings, out, zeroShot } = task
  const { config, logitScale, tokenizer } = clip
  const { width, contextLength: room } = config.text!
  const { seed = 0, signal, resume = false } = settings
  const prompts = namePrompts(tokenizer, words)
  const first = initialWords(tokenizer, contextOptions(prompts, room, settings))
  const m = contextLengthFor(prompts, room, first?.length ?? settings.contextLength)
  const features = await task.features('train')
  const train = unitFeatures(features, classes)
  const epochs = settings.epochs ?? defaultEpochs(train.labels.length / classes.length)
  const recipe = {
    epochs,
    learningRate: settings.learningRate ?? coopRecipe.learningRate,
    batch: settings.batch ?? coopRecipe.batch,
    weightDecay: settings.weightDecay ?? coopRecipe.weightDecay,
  }
  const data = { samples: task.train.size, dataDigest: (await task.train.digest?.()) ?? null }
  const identity = JSON.stringify({ ...task.identity, ...recipe, m, words, seed, first, ...data })
  const from = resume ? await readState(out, identity) : undefined
  const initial = first ? await embeddingsOf(task, first) : drawnContext(m, width, seed)
  const learner = await createPromptLearner(clip, prompts, m, settings)
  let last: CoopState | undefined
  try {
    const training = trainContext(learner, train, initial, { ...recipe, seed, from, signal })
    for (;;) {
      const { value, done } = await training.next()
      if (done) {
        const embedded = await learner.classes(value)
        await task.answerWith({ ...zeroShot, names: words, weights: embedded.map((x) => x * logitScale) })
        return { trained: train.labels.length, contextLength: m, epochs, context: contextFile }
      }
      const { epoch, loss, context, momentum } = value
      last = { epoch, context: context.slice(), momentum: momentum.slice() }
      if (epoch % saveEvery === 0 || epoch === epochs) await writeState(out, identity, last, width)
      yield { kind: 'progress', what: 'epochs', done: epoch, of: epochs, numbers: { loss } }
    }
  } catch (error) {
    if (signal?.aborted && last) await writeState(out, identity, last, width)
    throw error
  } finally {
    await learner.dispose()
  }
}

/**
 * If 16 random context vectors do not fit, initialises from "a photo of a" (as CoCoOp does, Zhou et al., CVPR 2022). A prompt that
 * is mostly random vectors is too far from the training data.
 */
function contextOptions(prompts: readonly (readonly number[])[], room: number, settings: CoopOptions) {
  const { contextLength, contextWords } = settings
  const free = room - Math.max(...prompts.map((ids) => ids.length))
  const small = contextLength === undefined && free < defaultContextLength && free >= fewWords.split(' ').length
  return { contextLength, contextWords: contextWords ?? (small ? fewWords : undefined) }
}

const fewWords = 'a photo of a'

/** Ids of the words that initialise the context vectors, if given. */
function initialWords(
  tokenizer: Tokenizer,
  { contextWords, contextLength }: CoopOptions,
): readonly number[] | undefined {
  if (contextWords === undefined) return undefined
  const ids = tokenizer.encode(contextWords).slice(1, -1)
  if (ids.length === 0)
    throw new UsageError(`\`contextWords\` "${contextWords}" contains no tokens; give at least one word`)
  if (contextLength !== undefined && contextLength !== ids.length) {
    throw new UsageError(
      `"${contextWords}" is ${ids.length} tokens, and \`contextLength\` is ${contextLength}; give one of \`contextLength\` and \`contextWords\``,
    )
  }
  return ids
}

/** The text encoder's embeddings of tokens: `[ids, width]`. */
async function embeddingsOf({ model, clip }: Task, ids: readonly number[]): Promise<Float32Array> {
  const { width } = clip.config.text!
  const table = await model.read('token_embedding.weight')
  if (!table) throw new UsageError(`${clip.name} has no token embeddings to initialise the context from`)
  return gatherRows(inRows(table, width), ids).data
}

/** The context vectors, `context` `[m, width]`, and the state to resume from. */
const contextFile = 'context.safetensors'

async function writeState(
  out: string,
  identity: string,
  { context, momentum, epoch }: CoopState,
  width: number,
): Promise<void> {
  const shape = [context.length / width, width]
  const tensors = new Map([
    ['context', arrayTensor(context, shape)],
    ['momentum', arrayTensor(momentum, shape)],
  ])
  const metadata = { format: 'typeclip context', run: identity, epoch: `${epoch}` }
  await writeSafetensors(join(out, contextFile), tensors, { metadata, overwrite: true })
}

/** @throws UsageError if the folder's run has other settings */
async function readState(out: string, identity: string): Promise<CoopState | undefined> {
  const file = join(out, contextFile)
  if (!(await stat(file).catch(() => undefined))) return undefined
  const { tensors, metadata } = await openCheckpoint(file)
  const [before, now] = [JSON.parse(metadata.run ?? '{}'), JSON.parse(identity)]
  const changed = changedSettings(before, now, new Set(['samples']))
  if (changed.length > 0) {
    throw new UsageError(
      `${file} is of a run with other settings: ${changed.join('; ')}. Give the same ones, or choose another folder`,
    )
  }
  const values = async (name: string) => (await readTensor(tensors.get(name)!)) as Float32Array
  return { epoch: Number(metadata.epoch), context: await values('context'), momentum: await values('momentum') }
}

export const coop: Method<Own> = {
  summary: 'trains context vectors in the prompt, and nothing else',
  defaults: coopRecipe,
  options: { ...epochOptions, ...recomputeOption, ...options },
  run,
}
