// The end of Figure 3 on the page: cosine, scaled logit, and the softmax over the texts.

import type { Inspection } from 'typeclip/inspect'
import { both, code, escaped, number, percent } from '../html.ts'
import { step } from './step.ts'

export function similaritySection({ similarity, texts, logitScale }: Inspection): string {
  if (!similarity) return ''
  const { cosines, logits, probabilities } = similarity
  const several = texts.length > 1
  const rows = texts.map(({ text }, i) => {
    const share = several
      ? `<td class="share"><i style="width:${(100 * probabilities[i]!).toFixed(1)}%"></i><span>${percent(probabilities[i]!)}</span></td>`
      : ''
    return `<tr><th scope="row">${escaped(text)}</th><td class="number">${cosines[i]!.toFixed(4).replace('-', '−')}</td><td class="number">${number(Number(logits[i]!.toFixed(3)))}</td>${share}</tr>`
  })
  const heading = [
    both('text', '文本'),
    both('cosine', '余弦'),
    'logit',
    ...(several ? [both('softmax over the texts', '对文本做 softmax')] : []),
  ]
  return `<section id="similarity"><h2>${both('The two together', '两者相比')}</h2>${step({
    en: 'Cosine, scaled',
    zh: '余弦相似度与缩放',
    text: {
      en: `Both embeddings are divided by their lengths; their dot product is then a cosine between −1 and 1. Times exp(t) = ${number(logitScale)}, the learned temperature, it is a logit${several ? ', and a softmax over the texts says which fits best among them' : '; a softmax over several texts (give more than one --text) would say which fits best'}. In training, the same numbers over a whole batch are what the contrastive loss compares.`,
      zh: `两个嵌入各除以自己的长度，点积就是 −1 到 1 之间的余弦。乘以可学习的温度 exp(t) = ${number(logitScale)} 得到 logit${several ? '；对所有文本做 softmax，就知道其中哪一句最合适' : '；给出多个 --text 时，对它们做 softmax 就知道哪一句最合适'}。训练时的对比损失比较的正是整个 batch 上的这些数。`,
    },
    formula: 'logits = I_e · T_eᵀ · exp(t)',
    paper: 'Figure 3, §3.1.2',
    figure: `<div class="wide" tabindex="0" role="region" aria-label="similarity"><table class="similarity"><thead><tr>${heading.map((cell) => `<th scope="col">${cell}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`,
  })}<p>${code('zeroShotClassifier')} ${both('does this with prompts for classes.', '用类别的提示语做同样的事。')}</p></section>`
}
