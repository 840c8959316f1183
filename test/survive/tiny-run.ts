// A model and data so small that a training run takes a moment, for the built command.

import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const main = join(root, 'app', 'dist', 'cli', 'main.js')

const model = {
  embed_dim: 16,
  vision_cfg: { image_size: 32, layers: 1, width: 64, patch_size: 16 },
  text_cfg: { context_length: 8, vocab_size: 49408, width: 16, heads: 1, layers: 1 },
}

/** Puts `pairs.csv` and `tiny.json` into a folder. */
export async function writeTinyRun(folder: string): Promise<void> {
  const pictures = join(root, 'examples', 'pictures')
  const names = (await readdir(pictures)).filter((name) => name.endsWith('.jpg'))
  const rows = names.map((name) => `${join(pictures, name)},some ${name.slice(0, -4)}`)
  await writeFile(join(folder, 'pairs.csv'), ['filepath,title', ...rows].join('\n'))
  await writeFile(join(folder, 'tiny.json'), JSON.stringify(model))
}
