// Relevance on the page: why each text matched, over the image and over its words.

import type { Inspection, Relevance, TextRelevance } from 'typeclip/inspect'
import { both, code, escaped, number, percent } from '../html.ts'
import { highest } from '../images.ts'
import { isCoarse, relevanceHeat } from './relevance-image.ts'
import { step } from './step.ts'

export function relevanceSection({ relevance, config }: Inspection): string {
  if (!relevance) return ''
  const pool = config.image?.kind === 'modified-resnet'
  return `<section id="relevance"><h2>${both('Why did it match?', '为什么匹配？')}</h2>${step({
    en: 'Relevance of places and words',
    zh: '各处图像与各个词的相关性',
    text: {
      en: `Attention alone shows where the encoder looks, whatever the text is. Times its own gradient it shows what of that raises the similarity to this text: bright places and dark words are where it comes from. Each drawing has its own scale, from its lowest value to its highest: it says where, and not how much, so look at the cosine too.${pool ? ' A ResNet has no stack of attention: this is the same rule for its attention pool, our choice, and each place has seen much of the image around it.' : ''}`,
      zh: `单看注意力，只知道编码器在看哪里，与文本无关；乘以它自身的梯度，就能看出其中哪些部分提高了与这句话的相似度：亮处和深色的词就是相似度的来源。每张图按自己的最小值到最大值定标：它说明来自“哪里”，而不是“多少”，所以请同时看余弦。${pool ? 'ResNet 没有注意力堆叠：这里把同一规则用于它的注意力池化（这是我们的选择），而且每个位置都已看到周围很大范围。' : ''}`,
    },
    formula: 'R ← R + mean_heads (∂logit/∂A ⊙ A)⁺ · R',
    figure: `<div class="strip why">${relevance.map(figure).join('')}</div>`,
  })}<p class="small">Chefer, Gur, Wolf 2021, <i>Generic Attention-model Explainability</i>, ${both('equations 5 and 6', '公式 5 与 6')}. ${code('relevance')}</p></section>`
}

function figure({ text, cosine, image, words }: Relevance): string {
  const most = number(highest(image.map))
  const [rows, columns] = image.grid
  const described = `${both('cosine', '余弦')} ${cosine.toFixed(4).replace('-', '−')} · ${both('highest', '最高')} ${most} · ${both(`${rows} × ${columns} places`, `${rows} × ${columns} 个位置`)}`
  return (
    `<figure><span class="map${isCoarse(image.grid) ? ' coarse' : ''}"><img alt="" src="${relevanceHeat(image)}"></span>` +
    `<p class="words">${words ? wordsOf(words) : escaped(text)}</p><figcaption>${described}</figcaption></figure>`
  )
}

/** Each word with its share of the text's relevance, the darkest being the highest. */
function wordsOf({ words }: TextRelevance): string {
  const values = words.map(({ value }) => value)
  const [most, sum] = [highest(values), values.reduce((a, b) => a + b, 0)]
  return words
    .map(({ text, value }) => {
      const weight = most > 0 ? value / most : 0
      const share = sum > 0 ? percent(value / sum) : '–'
      return `<span class="word" style="--weight:${weight.toFixed(3)}">${escaped(text)}<small>${share}</small></span>`
    })
    .join(' ')
}
