// Attention splits an encoder's width into heads of equal width.

import { CheckpointError } from '../errors.ts'
import type { ClipConfig } from './config.ts'

/** @throws CheckpointError if the heads do not divide the width */
export function checkHeads({ image, text }: ClipConfig, where: string): void {
  const towers = [
    ['image', image && (image.kind === 'modified-resnet' ? { width: image.width * 32, heads: image.heads } : image)],
    ['text', text],
  ] as const
  for (const [name, tower] of towers) {
    if (!tower || (tower.heads > 0 && tower.width % tower.heads === 0)) continue
    throw new CheckpointError(
      `${where}: the ${name} encoder is ${tower.width} wide and has ${tower.heads} heads; the number of heads must divide the width`,
    )
  }
}
