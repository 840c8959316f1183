// The config of a whole CLIP: the projects have no config file for one encoder alone.

import { CheckpointError } from '../errors.ts'
import type { ClipConfig, ModifiedResNetConfig, TextTowerConfig, VisionTransformerConfig } from '../model/config.ts'

export interface WholeConfig {
  embedDim: number
  image: VisionTransformerConfig | ModifiedResNetConfig
  text: TextTowerConfig
}

export function wholeConfig({ embedDim, image, text }: ClipConfig, path: string): WholeConfig {
  if (image && text) return { embedDim, image, text }
  throw new CheckpointError(
    `${path} holds only the ${image ? 'image' : 'text'} encoder; only a whole CLIP can be converted`,
  )
}
