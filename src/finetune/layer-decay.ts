// Layer-wise decay of the learning rate (Howard & Ruder 2018; Bao et al. 2021): layers closer to the input learn slower.

import type { ClipConfig } from '../model/config.ts'
import { blockIndex, isBeforeBlocks, towerOf } from '../model/parameter-names.ts'
import { imageTower } from '../model/towers.ts'

/**
 * The factor of a parameter's learning rate. Of L blocks, block i has `decay^(L − i)`, what comes before the blocks
 * (patches, tokens, positions) has `decay^(L + 1)`, and everything else has 1. The four stages of a ResNet count as blocks.
 */
export function layerDecay(decay: number, { image, text }: ClipConfig): (name: string) => number {
  const imageBlocks = image ? imageTower(image).blocks : 0
  const textBlocks = text?.layers ?? 0
  return (name) => {
    const blocks = towerOf(name) === 'image' ? imageBlocks : textBlocks
    const index = blockIndex(name)
    if (index !== undefined) return decay ** (blocks - index)
    return isBeforeBlocks(name) ? decay ** (blocks + 1) : 1
  }
}
