// Whether a difference in accuracy may be chance, as a sentence in each language.

interface Comparison {
  /** Accuracy on the same `n` images. */
  before: number
  after: number
  n: number
}

/**
 * Compares a fine-tuned model with its zero-shot classifier; undefined if it is clearly better. The limit is two standard
 * deviations of the difference between two shares of different images; for the same images the true one is smaller.
 */
export function verdict({ before, after, n }: Comparison): { en: string; zh: string } | undefined {
  if (after < before) {
    return {
      en: 'zero-shot was more accurate on the validation images: keep the original model, add training images, or try tip-adapter or wise-ft, which change it least',
      zh: '零样本在验证集上更准确：保留原来的模型，增加训练图像，或改用对模型改动最小的 tip-adapter、wise-ft',
    }
  }
  const mean = (before + after) / 2
  const chance = 2 * Math.sqrt((2 * mean * (1 - mean)) / n)
  if (before === 1 || after - before > chance) return undefined
  const more = Math.round((after - before) * n)
  const images = more === 0 ? 'no image' : more === 1 ? 'one image' : `${more} images`
  return {
    en: `${images} more right than zero-shot, of ${n}: that may be chance; test on other images, and on more (--val, or evaluate zero-shot --model)`,
    zh: `${n} 张中比零样本多对 ${more} 张：可能只是偶然；请换用其他图像、并用更多图像测试（--val，或 evaluate zero-shot --model）`,
  }
}
