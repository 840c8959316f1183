// The picture and the table of Figure 2 from its numbers: SVG and Markdown.

import { drawing, short } from '../training/line-chart.ts'
import type { Figure2Report, Step } from './report.ts'

/** Accuracy by images processed on an axis of doublings; the distances between curves with their ratios. */
export function drawFigure2({ objectives, steps, val }: Figure2Report): string {
  const neighbours = steps.filter(({ from, to }) => index(objectives, to) === index(objectives, from) + 1)
  return drawing(
    [
      {
        title: '',
        xLabel: `images processed (zero-shot accuracy on ${shortened(val)}; bands: one standard deviation over seeds)`,
        logX: true,
        yFrom: 0,
        formatX: short,
        formatY: (y) => `${Number((100 * y).toPrecision(4))} %`,
        series: objectives.map(({ name, curve }, color) => ({
          name,
          color,
          dots: true,
          points: curve.map(({ images, mean }) => [images, mean] as const),
          spread: curve.map(({ spread }) => spread),
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
    { width: 760, height: 460, columns: 1, about: 'Zero-shot accuracy by images processed' },
  )
}

const index = (objectives: Figure2Report['objectives'], name: string): number =>
  objectives.findIndex(({ objective }) => objective === name)

const shortened = (path: string): string => (path.length > 40 ? `…${path.slice(-39)}` : path)
const times = (ratio: number): string => `${ratio.toFixed(1)}×`
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

export function tableOfFigure2(report: Figure2Report): string {
  const { objectives, steps, images, batch, chance, data, val } = report
  const nameOf = (objective: string) => objectives[index(objectives, objective)]!.name
  const seeds = objectives[0]!.seeds.length
  return [
    '# Figure 2, at a small size',
    '',
    `Trained on ${data}; judged by ${val}, where guessing gives ${percent(chance)}. ${images.toLocaleString('en-US')} images, ` +
      `${batch} in a batch, ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}; numbers are means ± standard deviations over seeds.`,
    '',
    '| objective | learning rate | parameters | accuracy at the end |',
    '|---|---:|---:|---:|',
    ...objectives.map(({ name, learningRate, parameters, curve }) => {
      const end = curve.at(-1)!
      return `| ${name} | ${learningRate} | ${(parameters / 1e6).toFixed(1)} M | ${percent(end.mean)} ± ${percent(end.spread)} |`
    }),
    '',
    '| from | to | efficiency | at an accuracy of | gain at the end | beyond noise |',
    '|---|---|---:|---:|---:|---|',
    ...steps.map((step) => row(step, nameOf, seeds)),
    '',
    'Efficiency is the ratio of the images that each needs for the highest accuracy that both reach, by interpolation in',
    'the logarithm of images. A gain is beyond noise where it is more than two of its standard errors.',
    '',
    `| images processed | ${objectives.map(({ name }) => name).join(' | ')} |`,
    `|---:|${'---:|'.repeat(objectives.length)}`,
    ...objectives[0]!.curve.map(({ images }, i) => {
      const cells = objectives.map(({ curve }) => `${percent(curve[i]!.mean)} ± ${percent(curve[i]!.spread)}`)
      return `| ${images.toLocaleString('en-US')} | ${cells.join(' | ')} |`
    }),
    '',
  ].join('\n')
}

function row(
  { from, to, efficiency, gain, beyondNoise }: Step,
  nameOf: (objective: string) => string,
  seeds: number,
): string {
  const found = efficiency?.seeds ?? 0
  const of = found < seeds ? ` (of ${found} of ${seeds} seeds)` : ''
  const spread = found > 1 ? ` ± ${efficiency?.spread.toFixed(1)}` : ''
  const ratio = efficiency ? `${times(efficiency.mean)}${spread}${of}` : 'no accuracy in common'
  const at = efficiency ? percent(efficiency.accuracy) : '–'
  const points = `${(100 * gain.mean).toFixed(1)} ± ${(100 * gain.error).toFixed(1)} points`
  return `| ${nameOf(from)} | ${nameOf(to)} | ${ratio} | ${at} | ${points} | ${beyondNoise ? 'yes' : 'no'} |`
}
