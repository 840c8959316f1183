// The sections of a classification's page: numbers, worst mistakes, confusion, each class, reliability.

import type { ClassificationResult } from 'typeclip/evaluate'
import { counted } from '../../cli/shell/counted.ts'
import { both, fileName, type Html, html, joined, type Part, percent } from '../html.ts'
import { confusionSection } from './confusion.ts'
import { type Card, image, numbers } from './frame.ts'
import { reliabilityDiagram } from './reliability-diagram.ts'

type Urls = readonly (string | undefined)[]

/**
 * @param images a URL for each mistake
 * @param explained the same images with what led to the prediction drawn on them
 */
export function classificationSections(result: ClassificationResult, images: Urls, explained?: Urls): Html {
  const { top1, top5, meanPerClass, n, classes, reliability, rejection } = result
  const cards: (Card | false)[] = [
    [percent(top1), { en: 'top-1: the first prediction is right', zh: 'top-1：首选预测正确' }],
    // With five classes or fewer, one of the first five is always right.
    classes.length > 5 && [percent(top5), { en: 'top-5: one of the first five is', zh: 'top-5：前五个中有正确的' }],
    [percent(meanPerClass), { en: 'mean per class: each class counts alike', zh: '类平均：每个类别权重相同' }],
    [
      `${n}`,
      {
        en: `${n === 1 ? 'image' : 'images'} of ${counted(classes.length, 'class', 'classes')}`,
        zh: `张图像，${classes.length} 个类别`,
      },
    ],
  ]
  return joined(
    [
      numbers(cards.filter((card) => card !== false)),
      rejection && rejectionSection(rejection),
      mistakesSection(result, images, explained),
      confusionSection(result),
      classesSection(result),
      reliabilityDiagram(reliability),
    ],
    '\n',
  )
}

function rejectionSection({
  threshold,
  temperature,
  precision,
  recall,
  answered,
}: NonNullable<ClassificationResult['rejection']>): Html {
  return html`<h2>${both('With “none of these”', '允许预测“都不是”')}</h2><p>${both(
    `An image whose largest logit is below ${threshold.toPrecision(4)} gets no prediction; probabilities are at temperature ${temperature.toPrecision(3)}.`,
    `最大 logit 低于 ${threshold.toPrecision(4)} 的图像不给出预测；概率按温度 ${temperature.toPrecision(3)} 计算。`,
  )}</p>${numbers([
    [percent(answered), { en: 'of the images get a prediction', zh: '的图像得到预测' }],
    [percent(precision), { en: 'of the predictions are right', zh: '的预测正确' }],
    [percent(recall), { en: 'of the images get the right prediction', zh: '的图像得到正确预测' }],
  ])}`
}

function mistakesSection({ mistakes }: ClassificationResult, images: Urls, explained: Urls | undefined): Part {
  if (mistakes.length === 0) return undefined
  const figures = mistakes.map(
    ({ key, label, answer, confidence, rightConfidence }, i) =>
      html`<figure title="${key}"><div class="images">${image(images[i], label)}${image(explained?.[i], answer)}</div><figcaption>${both('predicted', '预测为')} <b>${answer}</b> ${percent(confidence)}<br>${both('is', '实为')} <b>${label}</b> ${percent(rightConfidence)}<small>${fileName(key.split(/[\\/]/).at(-1)!)}</small></figcaption></figure>`,
  )
  return html`<h2>${both('The worst mistakes', '最严重的错误')}</h2><p>${both(
    'The wrong predictions with the highest confidence. Look here first: some labels may be wrong, or two classes may mean the same.',
    '置信度最高的错误预测。先看这里：可能是标注有误，也可能两个类别本来就难以区分。',
  )}${explained && both(' On the right, bright places led to the wrong prediction (gradient × attention, Chefer et al. 2021).', '右图的亮处导致了错误预测（梯度 × 注意力，Chefer 等，2021）。')}</p><div class="mistakes${explained && ' paired'}">${figures}</div>`
}

function classesSection({ classes }: ClassificationResult): Html {
  const rows = classes
    .filter(({ n }) => n > 0)
    .sort((a, b) => a.recall - b.recall)
    .map(
      ({ name, words, n, recall, precision }) =>
        html`<tr><td>${name}${words !== name && html` <span class="small">${words}</span>`}</td><td class="number">${n}</td><td class="number">${percent(recall)}</td><td class="bar"><i style="width:${(100 * recall).toFixed(1)}%"></i></td><td class="number">${percent(precision)}</td></tr>`,
    )
  return html`<h2>${both('Each class', '各类别')}</h2><p>${both(
    'Recall: the share of a class’s images that was predicted as this class. Precision: the share of the images predicted as this class that belong to it.',
    '召回率：该类图像中被预测为该类的比例。精确率：被预测为该类的图像中确实属于它的比例。',
  )}</p><div class="wide"><table class="classes"><thead><tr><th>${both('class', '类别')}</th><th class="number">${both('images', '图像数')}</th><th class="recall" colspan="2">${both('recall', '召回率')}</th><th class="number">${both('precision', '精确率')}</th></tr></thead><tbody>${rows}</tbody></table></div>`
}
