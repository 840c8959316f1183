// The curves of a run: loss, accuracy, learning rate and temperature by step, drawn from its logs.

import { type Chart, drawing, type Point, type Series } from '../../charts/line-chart.ts'
import type { LoggedStep, LoggedValidation } from './lines.ts'

/** More points than this are not distinguishable in a chart. */
const maxPoints = 500

/** @returns an SVG */
export function drawCurves(steps: readonly LoggedStep[], validations: readonly LoggedValidation[]): string {
  const of = (pick: (line: LoggedStep) => number | undefined): Point[] =>
    thinned(steps.flatMap((line) => (pick(line) === undefined ? [] : [[line.step, pick(line)!] as const])))
  const validation = (name: string): Point[] =>
    validations.flatMap(({ step, numbers }) => (numbers[name] === undefined ? [] : [[step, numbers[name]] as const]))
  const names = [...new Set(validations.flatMap(({ numbers }) => Object.keys(numbers)))]
  const shares = names.filter((name) => validations.every(({ numbers }) => isShare(name, numbers[name])))

  const temperature = of(({ logitScale }) => logitScale && 1 / logitScale)
  const learnt = temperature.some(([, y]) => y !== temperature[0]![1]) // not drawn for a method that does not train it

  const charts: (Chart | undefined)[] = [
    {
      title: 'Loss',
      xLabel: 'step',
      series: [
        ...smoothed(
          'training',
          of(({ loss }) => loss),
        ),
        ...validated('validation', validation('loss'), 1),
      ],
    },
    {
      title: 'Accuracy',
      xLabel: 'step',
      yFrom: 0,
      formatY: (y) => `${Number((100 * y).toPrecision(4))} %`,
      series: [
        ...smoothed(
          'in the batch',
          of(({ accuracy }) => accuracy),
        ),
        ...shares.flatMap((name, i) => validated(name, validation(name), 1 + i)),
      ],
    },
    { title: 'Learning rate', xLabel: 'step', yFrom: 0, series: [{ points: of(({ lr }) => lr), color: 0 }] },
    {
      title: 'Temperature',
      xLabel: 'step',
      series: learnt ? [{ points: temperature, color: 0 }] : [],
    },
  ]
  return drawing(charts.filter((chart) => chart?.series.some(({ points }) => points.length > 0)) as Chart[])
}

const isShare = (name: string, value: number | undefined): boolean =>
  name !== 'loss' && (value === undefined || (value >= 0 && value <= 1))

const validated = (name: string, points: Point[], color: number): Series[] =>
  points.length > 0 ? [{ name, points, color, dots: points.length <= 40 }] : []

/** The points, faint, and their moving mean. */
function smoothed(name: string, points: readonly Point[]): Series[] {
  if (points.length === 0) return []
  const half = Math.floor(points.length / 40)
  if (half === 0) return [{ name, points, color: 0 }]
  const mean = points.map(([x], i): Point => {
    const window = points.slice(Math.max(0, i - half), i + half + 1)
    return [x, window.reduce((sum, [, y]) => sum + y, 0) / window.length]
  })
  return [
    { points, color: 0, faint: true },
    { name, points: mean, color: 0 },
  ]
}

/** Means of groups of consecutive points, if there are too many. */
function thinned(points: readonly Point[]): Point[] {
  const groupSize = Math.ceil(points.length / maxPoints)
  if (groupSize <= 1) return [...points]
  return Array.from({ length: Math.ceil(points.length / groupSize) }, (_, i) => {
    const part = points.slice(i * groupSize, (i + 1) * groupSize)
    const mean = (k: 0 | 1) => part.reduce((sum, point) => sum + point[k], 0) / part.length
    return [mean(0), mean(1)]
  })
}
