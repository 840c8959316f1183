// What the environment says about the Hugging Face hub, by the names that huggingface_hub reads.

import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const hubEndpoint = (): string => process.env.HF_ENDPOINT || 'https://huggingface.co'

/** The variable that switches the network off, if one does. */
export function offlineVariable(): string | undefined {
  const name = process.env.HF_HUB_OFFLINE ? 'HF_HUB_OFFLINE' : 'TRANSFORMERS_OFFLINE'
  return /^(1|on|yes|true)$/i.test(process.env[name] ?? '') ? name : undefined
}

/** From the environment, else what `hf auth login` saved. */
export async function hubToken(): Promise<string | undefined> {
  const set = (process.env.HF_TOKEN || process.env.HUGGING_FACE_HUB_TOKEN)?.trim()
  if (set) return set
  const home = process.env.HF_HOME || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface')
  const saved = await readFile(process.env.HF_TOKEN_PATH || join(home, 'token'), 'utf8').catch(() => '')
  return saved.trim() || undefined
}
