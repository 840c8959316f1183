// The sections of a retrieval's page: recall both ways, and the captions whose image came last.

import type { Recall, RetrievalResult } from 'typeclip/evaluate'
import { counted } from '../../cli/shell/counted.ts'
import { both, escaped } from '../html.ts'
import { numbers, percent, picture } from './frame.ts'

/** @param images an address for each miss's own image, then for the one that was found */
export function retrievalSections(result: RetrievalResult, pictures: readonly (string | undefined)[]): string {
  const { imageToText, textToImage, pairs, images, texts } = result
  const cards = [
    [percent(imageToText.r1), { en: 'R@1, image to text', zh: 'R@1，以图搜文' }],
    [percent(textToImage.r1), { en: 'R@1, text to image', zh: 'R@1，以文搜图' }],
    [
      `${images}`,
      {
        en: `${images === 1 ? 'image' : 'images'} with ${counted(texts, 'caption')}`,
        zh: `张图像，${texts} 条说明文字`,
      },
    ],
  ] as const
  const row = (en: string, zh: string, { r1, r5, r10, medianRank, meanRank }: Recall): string =>
    `<tr><td>${both(en, zh)}</td>${[percent(r1), percent(r5), percent(r10), `${medianRank}`, meanRank.toFixed(1)].map((cell) => `<td class="number">${cell}</td>`).join('')}</tr>`
  const several =
    texts > images
      ? row('image to text, each pair (open_clip)', '以图搜文，逐对（open_clip）', pairs.imageToText) +
        row('text to image, each pair (open_clip)', '以文搜图，逐对（open_clip）', pairs.textToImage)
      : ''
  return `${numbers(cards)}
<h2>${both('Recall', '召回率')}</h2><p>${both(
    'R@k: the share of queries that have something of their own among the first k. Ranks count from 1.',
    'R@k：前 k 个结果中含有正确对象的查询比例。排名从 1 起。',
  )}</p><div class="wide"><table class="classes"><thead><tr><th></th><th class="number">R@1</th><th class="number">R@5</th><th class="number">R@10</th><th class="number">${both('median rank', '排名中位数')}</th><th class="number">${both('mean rank', '平均排名')}</th></tr></thead><tbody>${row('image to text', '以图搜文', imageToText)}${row('text to image', '以文搜图', textToImage)}${several}</tbody></table></div>
${missesSection(result, pictures)}`
}

function missesSection({ misses }: RetrievalResult, pictures: readonly (string | undefined)[]): string {
  if (misses.length === 0) return ''
  const figures = misses.map(
    ({ key, caption, rank, found }, i) =>
      `<figure title="${escaped(key)}"><div class="shown">${picture(pictures[2 * i], caption)}${picture(pictures[2 * i + 1], found.key)}</div>` +
      `<figcaption>“${escaped(caption)}”<small>${both(`rank ${rank + 1}`, `排第 ${rank + 1}`)}</small></figcaption></figure>`,
  )
  return `<h2>${both('Captions whose image came last', '排名最靠后的说明文字')}</h2><p>${both('Left: the caption’s own image, with its rank. Right: the image that came first.', '左：该说明文字自己的图像及其排名。右：排第一的图像。')}</p><div class="mistakes paired">${figures.join('')}</div>`
}
