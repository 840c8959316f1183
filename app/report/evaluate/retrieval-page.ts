// The sections of a retrieval's page: recall in both directions, and the captions whose image ranked lowest.

import type { Recall, RetrievalResult } from 'typeclip/evaluate'
import { counted } from '../../cli/shell/counted.ts'
import { both, type Html, html, type Part, percent } from '../html.ts'
import { image, numbers } from './frame.ts'

/** @param urls for each miss a URL of its own image, then of the image that was found */
export function retrievalSections(result: RetrievalResult, urls: readonly (string | undefined)[]): Html {
  const { imageToText, textToImage, pairs, images, texts } = result
  const row = (en: string, zh: string, { r1, r5, r10, medianRank, meanRank }: Recall): Html => {
    const cells = [percent(r1), percent(r5), percent(r10), medianRank, meanRank.toFixed(1)]
    return html`<tr><td>${both(en, zh)}</td>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>`
  }
  const eachPair = texts > images && [
    row('image to text, each pair (open_clip)', '以图搜文，逐对（open_clip）', pairs.imageToText),
    row('text to image, each pair (open_clip)', '以文搜图，逐对（open_clip）', pairs.textToImage),
  ]
  return html`${numbers([
    [percent(imageToText.r1), { en: 'R@1, image to text', zh: 'R@1，以图搜文' }],
    [percent(textToImage.r1), { en: 'R@1, text to image', zh: 'R@1，以文搜图' }],
    [
      `${images}`,
      {
        en: `${images === 1 ? 'image' : 'images'} with ${counted(texts, 'caption')}`,
        zh: `张图像，${texts} 条说明文字`,
      },
    ],
  ])}
<h2>${both('Recall', '召回率')}</h2><p>${both(
    'R@k: the share of queries with a right result among the first k. Ranks count from 1.',
    'R@k：前 k 个结果中含有正确结果的查询比例。排名从 1 起。',
  )}</p><div class="wide"><table class="classes"><thead><tr><th></th><th class="number">R@1</th><th class="number">R@5</th><th class="number">R@10</th><th class="number">${both('median rank', '排名中位数')}</th><th class="number">${both('mean rank', '平均排名')}</th></tr></thead><tbody>${row('image to text', '以图搜文', imageToText)}${row('text to image', '以文搜图', textToImage)}${eachPair}</tbody></table></div>
${missesSection(result, urls)}`
}

function missesSection({ misses }: RetrievalResult, urls: readonly (string | undefined)[]): Part {
  if (misses.length === 0) return undefined
  const figures = misses.map(
    ({ key, caption, rank, found }, i) =>
      html`<figure title="${key}"><div class="images">${image(urls[2 * i], caption)}${image(urls[2 * i + 1], found.key)}</div><figcaption>“${caption}”<small>${both(`rank ${rank + 1}`, `排第 ${rank + 1}`)}</small></figcaption></figure>`,
  )
  return html`<h2>${both('Captions whose image ranked lowest', '图像排名最低的说明文字')}</h2><p>${both('Left: the caption’s own image, with its rank. Right: the image that ranked first.', '左：该说明文字自己的图像及其排名。右：排第一的图像。')}</p><div class="mistakes paired">${figures}</div>`
}
