// The end of Figure 3 on the page: cosine, scaled logit, and the softmax over the texts.

import type { Inspection } from 'typeclip/inspect'
import { both, code, type Html, html, number, percent } from '../html.ts'
import { step } from './step.ts'

export function similaritySection({ similarity, texts, logitScale }: Inspection): Html | undefined {
  if (!similarity) return undefined
  const { cosines, logits, probabilities } = similarity
  const several = texts.length > 1
  const rows = texts.map(({ text }, i) => {
    const probability = probabilities[i]!
    return html`<tr><th scope="row">${text}</th><td class="number">${cosines[i]!.toFixed(4).replace('-', '−')}</td><td class="number">${number(Number(logits[i]!.toFixed(3)))}</td>${several && html`<td class="share"><i style="width:${(100 * probability).toFixed(1)}%"></i><span>${percent(probability)}</span></td>`}</tr>`
  })
  const headings = [both('text', '文本'), both('cosine', '余弦'), 'logit']
  if (several) headings.push(both('softmax over the texts', '对文本做 softmax'))
  return html`<section id="similarity"><h2>${both('Image and text compared', '比较图像与文本')}</h2>${step({
    en: 'Cosine, scaled',
    zh: '余弦相似度与缩放',
    text: {
      en: `Both embeddings are divided by their lengths; their dot product is then a cosine between −1 and 1. Multiplied by the learned logit scale exp(t) = ${number(logitScale)} it is a logit${several ? ', and a softmax over the texts shows which fits best among them' : '; a softmax over several texts (give --text more than once) would show which fits best'}. In training, the contrastive loss compares the same numbers over a whole batch.`,
      zh: `两个嵌入各除以自己的长度，点积就是 −1 到 1 之间的余弦。乘以可学习的缩放系数 exp(t) = ${number(logitScale)} 得到 logit${several ? '；对所有文本做 softmax，就知道其中哪一个最合适' : '；给出多个 --text 时，对它们做 softmax 就知道哪一个最合适'}。训练时的对比损失比较的正是整个批次上的这些数。`,
    },
    formula: 'logits = I_e · T_eᵀ · exp(t)',
    paper: 'Figure 3, §3.1.2',
    figure: html`<div class="wide" tabindex="0" role="region" aria-label="similarity"><table class="similarity"><thead><tr>${headings.map((heading) => html`<th scope="col">${heading}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`,
  })}<p>${code('zeroShotClassifier')} ${both('does this with prompts for classes.', '用类别的提示词做同样的事。')}</p></section>`
}
