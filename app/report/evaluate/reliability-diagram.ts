// The reliability diagram (Guo et al. 2017, figure 1): how often predictions of each confidence are right.

import type { Reliability } from 'typeclip/evaluate'
import { both, code, type Html, html, percent } from '../html.ts'

/** Units of the drawing's square, and its margins. */
const side = 240
const [left, top, right] = [38, 12, 20]

export function reliabilityDiagram({ bins, expectedCalibrationError, negativeLogLikelihood }: Reliability): Html {
  const x = (share: number): string => (left + side * share).toFixed(1)
  const y = (share: number): string => (top + side * (1 - share)).toFixed(1)
  const bars = bins
    .filter(({ n }) => n > 0)
    .map(({ from, to, n, accuracy, confidence }) => {
      const width = (side * (to - from) - 1).toFixed(1)
      const [low, high] = [Math.min(accuracy, confidence), Math.max(accuracy, confidence)]
      return html`<g><title>${percent(from)} – ${percent(to)}: ${n}</title><rect x="${x(from)}" y="${y(low)}" width="${width}" height="${(side * low).toFixed(1)}"/><rect class="gap" x="${x(from)}" y="${y(high)}" width="${width}" height="${(side * (high - low)).toFixed(1)}"/><rect class="right" x="${x(from)}" y="${y(accuracy)}" width="${width}" height="1.5"/><text class="count" x="${x((from + to) / 2)}" y="${Math.max(8, Number(y(high)) - 3)}" text-anchor="middle">${n}</text></g>`
    })
  const ticks = [0, 0.5, 1].map(
    (share) =>
      html`<text x="${x(share)}" y="${top + side + 14}" text-anchor="middle">${100 * share}%</text><text x="${left - 5}" y="${Number(y(share)) + 3}" text-anchor="end">${100 * share}%</text>`,
  )
  const calibrate = code('typeclip evaluate calibrate')
  return html`<h2>${both('Can its confidence be trusted?', '置信度可信吗？')}</h2><p>${both(
    html`Images by the confidence of their prediction (across), and the share that was right (up, the dark line). On the dashed line, a confidence of 70 % is right 7 times in 10; orange is the gap. The number on each bar counts its images: a bar of few images says little. Expected calibration error ${percent(expectedCalibrationError)}, negative log-likelihood ${negativeLogLikelihood.toFixed(3)}. ${calibrate} fits a temperature that narrows the gap.`,
    html`横轴为预测的置信度，纵轴为其中正确的比例（深色横线）。落在虚线上表示 70 % 的置信度确有七成正确；橙色为偏差。柱上的数字是图像数：图像少的柱说明不了什么。期望校准误差 ${percent(expectedCalibrationError)}，负对数似然 ${negativeLogLikelihood.toFixed(3)}。${calibrate} 可拟合温度以缩小偏差。`,
  )}</p><svg class="diagram" viewBox="0 0 ${left + side + right} ${top + side + 24}" role="img" aria-label="reliability">${bars}<path d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/>${ticks}</svg>`
}
