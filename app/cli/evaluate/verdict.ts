// What a difference in accuracy over a few pictures is worth, in a sentence of each language.

interface Judged {
  /** Shares of the same `n` pictures. */
  before: number
  after: number
  n: number
}

/**
 * Of a fine-tuned model beside the zero-shot classifier that it was; none where it is plainly better. Chance is taken as two
 * standard deviations of the difference of two shares, as if they were of different pictures: of the same ones it is less.
 */
export function verdict({ before, after, n }: Judged): { en: string; zh: string } | undefined {
  if (after < before) {
    return {
      en: 'by words alone these pictures were answered better: keep the model as it was, learn from more pictures, or take tip-adapter or wise-ft, which lose least',
      zh: '仅凭文字时这些图像答得更好：保留原来的模型，用更多图像学习，或改用损失最少的 tip-adapter、wise-ft',
    }
  }
  const mean = (before + after) / 2
  const chance = 2 * Math.sqrt((2 * mean * (1 - mean)) / n)
  if (before === 1 || after - before > chance) return undefined
  const more = Math.round((after - before) * n)
  const pictures = more === 0 ? 'no picture' : more === 1 ? 'one picture' : `${more} pictures`
  return {
    en: `${pictures} more than by words alone, of ${n}: that may be chance; judge with other pictures and more of them (--val, or evaluate zero-shot --model)`,
    zh: `${n} 张中比仅凭文字多答对 ${more} 张：可能只是偶然；请用其他更多的图像评判（--val，或 evaluate zero-shot --model）`,
  }
}
