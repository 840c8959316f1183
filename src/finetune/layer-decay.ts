// Layer-wise decay of the learning rate (Howard & Ruder 2018; Bao et al. 2021): what lies nearer to the pixels changes less.

import type { ClipConfig } from '../model/config.ts'
import { imageTower } from '../model/towers.ts'

/**
 * Of L blocks, block i learns at `decay^(L − i)` times the rate, what lies before the blocks (patches, tokens, positions)
 * at `decay^(L + 1)`, and what lies after them, with all that belongs to no tower, at the rate itself. For a ResNet the
 * four stages count as blocks.
 */
export function layerDecay(decay: number, { image, text }: ClipConfig): (name: string) => number {
  const imageLayers = image ? imageTower(image).blocks : 0
  const textLayers = text?.layers ?? 0
  return (name) => {
    const isImage = name.startsWith('visual.')
    const layers = isImage ? imageLayers : textLayers
    const block = /\bresblocks\.(\d+)\./.exec(name)?.[1]
    const stage = /^visual\.layer([1-4])\./.exec(name)?.[1]
    if (block !== undefined) return decay ** (layers - Number(block))
    if (stage !== undefined) return decay ** (layers - Number(stage) + 1)
    return beforeBlocks.test(name) ? decay ** (layers + 1) : 1
  }
}

const beforeBlocks =
  /^(visual\.(conv\d|bn\d|class_embedding|positional_embedding|ln_pre)\b|token_embedding\.|positional_embedding$)/
