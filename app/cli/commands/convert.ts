// `typeclip convert`: a checkpoint in another project's format.

import { UsageError } from 'typeclip/errors'
import { modelFlags } from '../model-flags.ts'
import { downloading } from '../outputs/downloading.ts'
import { defineCommand } from '../shell/command.ts'
import { counted, megabytes } from '../shell/counted.ts'

const dtypes = { f32: 'float32', f16: 'float16', bf16: 'bfloat16' } as const

export const command = defineCommand({
  usage: 'SOURCE TARGET --to openai|open_clip|hf [--dtype f32|f16|bf16] [flags]',
  about: [
    'SOURCE is what --model takes: a name, a hub id, a folder or a file. TARGET is one .safetensors file for openai; for',
    'open_clip and hf it is a folder in that project’s layout, with the config, and for hf the tokenizer. Without --dtype',
    'every number keeps its bits. A ResNet cannot be converted to hf: Hugging Face’s CLIPModel is always a transformer.',
    '--adapter merges a LoRA of Hugging Face’s PEFT into the weights; with --unmerge it is removed again.',
  ],
  flags: {
    to: { type: 'text', value: 'P', choices: ['openai', 'open_clip', 'hf'], help: 'format to write' },
    dtype: { type: 'text', value: 'T', choices: ['f32', 'f16', 'bf16'], help: 'number type. Default: as stored' },
    adapter: {
      type: 'text',
      value: 'FOLDER',
      help: 'PEFT adapter to merge; TARGET is then in open_clip’s format, in float32',
    },
    unmerge: { type: 'switch', help: 'with --adapter: remove an adapter that was merged into SOURCE' },
    activation: modelFlags.activation,
    overwrite: { type: 'switch', help: 'replace TARGET if it exists' },
  },
  examples: [
    'typeclip convert ViT-B-32.pt clip-vit-base-patch32 --to hf',
    'typeclip convert openai/clip-vit-base-patch32 clip.safetensors --to openai --dtype f16',
    'typeclip convert openai/clip-vit-base-patch32 merged --to open_clip --adapter my-lora',
  ],
  async run(words, { to, dtype, activation, overwrite, adapter, unmerge }, terminal) {
    const [source, target, ...more] = words
    if (source === undefined || target === undefined || more.length > 0) {
      throw new UsageError(`convert takes two words, SOURCE and TARGET; found ${words.length}`)
    }
    if (to === undefined) throw new UsageError('--to is missing: openai, open_clip or hf')
    if (unmerge && adapter === undefined)
      throw new UsageError('--unmerge removes an adapter from the weights; give it with --adapter')
    if (adapter !== undefined) {
      if (to !== 'open_clip' || dtype !== undefined) {
        throw new UsageError(
          '--adapter writes open_clip’s layout in float32 (--to open_clip); convert the result to others',
        )
      }
      const { writeMerged } = await import('typeclip/finetune')
      const options = { unmerge, overwrite, activation, signal: terminal.signal, ...downloading(terminal) }
      await writeMerged(target, source, adapter, options)
      await terminal.print(`${target}  ${source} ${unmerge ? 'without' : 'with'} ${adapter}`)
      return 0
    }
    const { convert } = await import('typeclip')
    const download = downloading(terminal)
    const { path, tensors, bytes, notices } = await convert(source, target, {
      to,
      overwrite,
      activation,
      dtype: dtype && dtypes[dtype],
      signal: terminal.signal,
      onDownload: download.onProgress,
      onWait: download.onWait,
      onProgress({ written, total }) {
        terminal.signal.throwIfAborted()
        progress(target, written, total)
      },
    })
    terminal.status(undefined)
    for (const notice of notices) terminal.note(notice)
    await terminal.print(`${path}  ${counted(tensors, 'tensor')}, ${megabytes(bytes)}`)
    return 0

    function progress(file: string, done: number, total: number): void {
      terminal.status(`${file}: ${megabytes(done)} of ${megabytes(total)}`)
    }
  },
})
