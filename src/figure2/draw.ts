// The image and the table of Figure 2 from its numbers: SVG and Markdown.

import { drawing, short } from '../charts/line-chart.ts'
import type { MeanAndSpread } from './efficiency.ts'
import type { Figure2Report, Figured, Step } from './report.ts'

/** Accuracy by images processed on an axis of doublings; the distances between curves with their ratios. */
export function drawFigure2({ objectives, steps, val }: Figure2Report, language: Language = 'en'): string {
  const words = languages[language]
  const seeds = objectives[0]!.seeds.length
  const neighbours = steps.filter(({ from, to }) => index(objectives, to) === index(objectives, from) + 1)
  return drawing(
    [
      {
        title: '',
        xLabel: words.xLabel(lastPart(val), seeds > 1 ? words.bands : words.oneSeed),
        logX: true,
        yFrom: 0,
        formatX: grouped,
        formatY: (y) => `${Number((100 * y).toPrecision(4))} %`,
        series: objectives.map(({ objective, name, curve }, color) => ({
          name: words.names?.[objective] ?? name,
          color,
          dots: true,
          points: curve.map(({ images, mean }) => [images, mean] as const),
          ...(seeds > 1 && { spread: curve.map(({ spread }) => spread ?? 0) }),
        })),
        spans: neighbours.flatMap(({ efficiency }) =>
          efficiency
            ? [
                {
                  y: efficiency.accuracy,
                  from: efficiency.images.fast,
                  to: efficiency.images.slow,
                  label: `${times(efficiency.mean)}`,
                },
              ]
            : [],
        ),
      },
    ],
    { width: 760, height: 460, columns: 1, about: words.about },
  )
}

const index = (objectives: Figure2Report['objectives'], name: string): number =>
  objectives.findIndex(({ objective }) => objective === name)

type Language = 'en' | 'zh'

const languages: Record<
  Language,
  {
    about: string
    xLabel(data: string, seeds: string): string
    bands: string
    oneSeed: string
    names?: Readonly<Record<Figured, string>>
  }
> = {
  en: {
    about: 'Zero-shot accuracy by images processed',
    xLabel: (data, seeds) => `images processed (zero-shot accuracy on ${data}; ${seeds})`,
    bands: 'bands: one standard deviation over seeds',
    oneSeed: 'one seed: no spread',
  },
  zh: {
    about: '零样本准确率随已处理图像数的变化',
    xLabel: (data, seeds) => `已处理的图像数（${data} 上的零样本准确率；${seeds}）`,
    bands: '阴影：种子间的一个标准差',
    oneSeed: '一个种子：没有偏差可言',
    names: {
      lm: 'transformer 语言模型',
      bow: '词袋预测',
      'bow-contrastive': '词袋对比',
      contrastive: '文本 transformer 对比',
    },
  },
}

/** The last part of a path: readers of the figure do not need its folder on this machine. */
const lastPart = (path: string): string => {
  const name = path
    .replace(/[\\/]+$/, '')
    .split(/[\\/]/)
    .at(-1)!
  return name.length > 40 ? `${name.slice(0, 39)}…` : name
}
const grouped = (x: number): string => (x >= 1e6 ? short(x) : Math.round(x).toLocaleString('en-US'))
const times = (ratio: number): string => `${ratio.toFixed(1)}×`
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

export function tableOfFigure2(report: Figure2Report): string {
  const { objectives, steps, images, batch, chance, data, val } = report
  const nameOf = (objective: string) => objectives[index(objectives, objective)]!.name
  const seeds = objectives[0]!.seeds.length
  return [
    '# Figure 2, at a small size',
    '',
    `Trained on ${data}; validated on ${val}, where guessing gives ${percent(chance)}. ${images.toLocaleString('en-US')} images, ` +
      `${batch} in a batch, ${seeds} ${seeds === 1 ? 'seed: no spread' : 'seeds; numbers are means ± standard deviations over seeds'}.`,
    '',
    '| objective | learning rate | parameters | accuracy at the end |',
    '|---|---:|---:|---:|',
    ...objectives.map(({ name, learningRate, parameters, curve }) => {
      const end = curve.at(-1)!
      return `| ${name} | ${learningRate} | ${(parameters / 1e6).toFixed(1)} M | ${meanOf(end)} |`
    }),
    '',
    '| from | to | efficiency | at an accuracy of | gain at the end | beyond noise |',
    '|---|---|---:|---:|---:|---|',
    ...steps.map((step) => row(step, nameOf, seeds)),
    '',
    'Efficiency: the ratio of the images that each needs for the highest accuracy that both reach, interpolated in the',
    'logarithm of images; it cannot be measured if one of the two has that accuracy at its first point. A gain is',
    'beyond noise if it is more than two of its standard errors.',
    '',
    `| images processed | ${objectives.map(({ name }) => name).join(' | ')} |`,
    `|---:|${'---:|'.repeat(objectives.length)}`,
    ...objectives[0]!.curve.map(({ images }, i) => {
      const cells = objectives.map(({ curve }) => meanOf(curve[i]!))
      return `| ${images.toLocaleString('en-US')} | ${cells.join(' | ')} |`
    }),
    '',
  ].join('\n')
}

const meanOf = ({ mean, spread }: MeanAndSpread): string =>
  spread === null ? percent(mean) : `${percent(mean)} ± ${percent(spread)}`

function row(
  { from, to, efficiency, gain, beyondNoise }: Step,
  nameOf: (objective: string) => string,
  seeds: number,
): string {
  const measuredSeeds = efficiency?.seeds ?? 0
  const of = measuredSeeds < seeds ? ` (of ${measuredSeeds} of ${seeds} seeds)` : ''
  const spread = efficiency && efficiency.spread !== null ? ` ± ${efficiency.spread.toFixed(1)}` : ''
  const ratio = efficiency ? `${times(efficiency.mean)}${spread}${of}` : 'not measurable'
  const at = efficiency ? percent(efficiency.accuracy) : '–'
  const error = gain.error === null ? '' : ` ± ${(100 * gain.error).toFixed(1)}`
  const points = `${(100 * gain.mean).toFixed(1)}${error} points`
  const noise = beyondNoise === null ? 'one seed: unknown' : beyondNoise ? 'yes' : 'no'
  return `| ${nameOf(from)} | ${nameOf(to)} | ${ratio} | ${at} | ${points} | ${noise} |`
}
