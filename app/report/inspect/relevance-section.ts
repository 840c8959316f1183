// Relevance on the page: why each text matched, over the image and over its words.

import type { Inspection, Relevance, TextRelevance } from 'typeclip/inspect'
import { both, code, type Html, html, joined, number, percent } from '../html.ts'
import { highest } from '../images.ts'
import { isCoarse, relevanceHeat } from './relevance-image.ts'
import { step } from './step.ts'

export function relevanceSection({ relevance, config }: Inspection): Html | undefined {
  if (!relevance) return undefined
  const pool = config.image?.kind === 'modified-resnet'
  return html`<section id="relevance"><h2>${both('Why did it match?', '为什么匹配？')}</h2>${step({
    en: 'Relevance of places and words',
    zh: '各处图像与各个词的相关性',
    text: {
      en: `Attention alone shows where the encoder looks, whatever the text is. Multiplied by its own gradient it shows what raises the similarity to this text: the bright places and the dark words. Each map has its own scale, from its lowest value to its highest: it shows where the similarity comes from, and not how high it is, so look at the cosine too.${pool ? ' A ResNet has no stack of attention: here the same rule is applied to its attention pool, which is our choice, and each place has seen much of the image around it.' : ''}`,
      zh: `单看注意力，只知道编码器在看哪里，与文本无关；乘以它自身的梯度，就能看出是什么提高了与这段文本的相似度：图中的亮处和深色的词。每张图按自己的最小值到最大值定标：它说明相似度来自哪里，而不是有多高，所以请同时看余弦。${pool ? 'ResNet 没有注意力堆叠：这里把同一规则用于它的注意力池化（这是我们的选择），而且每个位置都已看到周围很大范围。' : ''}`,
    },
    formula: 'R ← R + mean_heads (∂logit/∂A ⊙ A)⁺ · R',
    figure: html`<div class="strip relevance">${relevance.map(figure)}</div>`,
  })}<p class="small">Chefer, Gur, Wolf 2021, <i>Generic Attention-model Explainability</i>, ${both('equations 5 and 6', '公式 5 与 6')}. ${code('relevance')}</p></section>`
}

function figure({ text, cosine, image, words }: Relevance): Html {
  const [rows, columns] = image.grid
  return html`<figure><span class="map${isCoarse(image.grid) && ' coarse'}"><img alt="" src="${relevanceHeat(image)}"></span><p class="words">${words ? wordsOf(words) : text}</p><figcaption>${both('cosine', '余弦')} ${cosine.toFixed(4).replace('-', '−')} · ${both('highest', '最高')} ${number(highest(image.map))} · ${both(`${rows} × ${columns} places`, `${rows} × ${columns} 个位置`)}</figcaption></figure>`
}

/** Each word with its share of the text's relevance; the highest is the darkest. */
function wordsOf({ words }: TextRelevance): Html {
  const values = words.map(({ value }) => value)
  const [max, sum] = [highest(values), values.reduce((a, b) => a + b, 0)]
  const parts = words.map(({ text, value }) => {
    const weight = max > 0 ? value / max : 0
    return html`<span class="word" style="--weight:${weight.toFixed(3)}">${text}<small>${percent(sum > 0 ? value / sum : Number.NaN)}</small></span>`
  })
  return joined(parts, ' ')
}
