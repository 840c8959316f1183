// What a difference in accuracy over a few images is worth, in a sentence of each language.

interface Judged {
  /** Shares of the same `n` images. */
  before: number
  after: number
  n: number
}

/**
 * Of a fine-tuned model beside the zero-shot classifier that it was; none where it is plainly better. Chance is taken as two
 * standard deviations of the difference of two shares, as if they were of different images: of the same ones it is less.
 */
export function verdict({ before, after, n }: Judged): { en: string; zh: string } | undefined {
  if (after < before) {
    return {
      en: 'zero-shot was more accurate on the validation images: keep the original model, add training images, or try tip-adapter or wise-ft, which lose least',
      zh: '零样本在验证集上更准确：保留原来的模型，增加训练图像，或试试损失最少的 tip-adapter、wise-ft',
    }
  }
  const mean = (before + after) / 2
  const chance = 2 * Math.sqrt((2 * mean * (1 - mean)) / n)
  if (before === 1 || after - before > chance) return undefined
  const more = Math.round((after - before) * n)
  const images = more === 0 ? 'no image' : more === 1 ? 'one image' : `${more} images`
  return {
    en: `${images} more right than zero-shot, of ${n}: that may be chance; test on other images and on more of them (--val, or evaluate zero-shot --model)`,
    zh: `${n} 张中比零样本多对 ${more} 张：可能只是偶然；请用其他更多的图像测试（--val，或 evaluate zero-shot --model）`,
  }
}
