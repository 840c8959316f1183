// A line chart as SVG, in colours that are legible on light and dark backgrounds. Pure: numbers in, text out.

export type Point = readonly [x: number, y: number]

export interface Series {
  /** The legend's entry. Default: none. */
  name?: string | undefined
  points: readonly Point[]
  /** Index into `colors`. */
  color: number
  /** Draws the line thin and pale, for the values behind a smoothed line. */
  faint?: boolean | undefined
  /** A dot on each point. */
  dots?: boolean | undefined
  /** Half the height of a band around the line, at each point. */
  spread?: readonly number[] | undefined
}

export interface Chart {
  title: string
  xLabel: string
  series: readonly Series[]
  /** A logarithmic x axis. Default: linear. */
  logX?: boolean | undefined
  /** Labelled horizontal distances. */
  spans?: readonly { y: number; from: number; to: number; label: string }[] | undefined
  /** The lower end of the y axis. Default: from the data. */
  yFrom?: number | undefined
  /** Formats a tick. `largest` is the largest of its axis, so that all ticks of an axis can have one unit. */
  formatX?: ((x: number, largest: number) => string) | undefined
  formatY?: ((y: number, largest: number) => string) | undefined
}

export interface Box {
  left: number
  top: number
  width: number
  height: number
}

export const colors = ['#3a7fc2', '#d8702c', '#2c9a63', '#9a58b5'] as const
const ink = '#6f7680'
const margin = { left: 58, right: 14, top: 34, bottom: 42 } as const

/** A whole drawing of charts side by side, `columns` in a row. */
export function drawing(charts: readonly Chart[], { width = 460, height = 280, columns = 2, about = '' } = {}): string {
  const across = Math.min(columns, charts.length)
  const [w, h] = [across * width, Math.ceil(charts.length / across) * height]
  const titles = charts.map(({ title }) => title).join(', ')
  const parts = charts.map((chart, i) =>
    lineChart(chart, { left: (i % across) * width, top: Math.floor(i / across) * height, width, height }),
  )
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" ` +
    `font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="11" fill="${ink}">\n<title>${escaped(about || titles)}</title>\n${parts.join('\n')}\n</svg>\n`
  )
}

/** One chart, at its position in a drawing. */
export function lineChart(chart: Chart, box: Box): string {
  const { title, xLabel, logX = false, formatX = short, formatY = short } = chart
  const series = chart.series.filter(({ points }) => points.length > 0)
  const all = series.flatMap(({ points, spread }) =>
    points.flatMap(([x, y], i) => [[x, y - (spread?.[i] ?? 0)] as const, [x, y + (spread?.[i] ?? 0)] as const]),
  )
  const across = logX ? Math.log2 : (x: number) => x
  const xs = all.map(([x]) => across(x))
  const [xLow, xHigh] = widened(minOf(xs), maxOf(xs))
  const yTicks = ticks(chart.yFrom ?? minOf(all.map(([, y]) => y)), maxOf(all.map(([, y]) => y)))
  const [yLow, yHigh] = [yTicks[0]!, yTicks.at(-1)!]
  const inner = {
    left: box.left + margin.left,
    right: box.left + box.width - margin.right,
    top: box.top + margin.top,
    bottom: box.top + box.height - margin.bottom,
  }
  const px = (x: number) => fixed(inner.left + ((across(x) - xLow) / (xHigh - xLow)) * (inner.right - inner.left))
  const py = (y: number) => fixed(inner.bottom - ((y - yLow) / (yHigh - yLow)) * (inner.bottom - inner.top))
  const xTicks = logX ? doublings(xLow, xHigh) : ticks(xLow, xHigh).filter((x) => x >= xLow && x <= xHigh)

  const grid = yTicks.map((y) => `M${inner.left} ${py(y)}H${inner.right}`).join('')
  const lines = [
    `<text x="${inner.left}" y="${box.top + 18}" font-size="13" font-weight="600">${escaped(title)}</text>`,
    `<path d="${grid}" stroke="${ink}" stroke-opacity=".22" fill="none"/>`,
    ...yTicks.map((y) => text(inner.left - 6, Number(py(y)) + 4, formatY(y, largest(yTicks)), 'end')),
    ...xTicks.map((x) => text(Number(px(x)), inner.bottom + 16, formatX(x, largest(xTicks)), 'middle')),
    text((inner.left + inner.right) / 2, inner.bottom + 33, xLabel, 'middle'),
  ]
  for (const one of series) {
    const color = colors[one.color % colors.length]!
    const path = one.points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${px(x)} ${py(y)}`).join('')
    if (one.spread) lines.push(`<path d="${band(one, one.spread, px, py)}" fill="${color}" fill-opacity=".16"/>`)
    const style = one.faint ? 'stroke-opacity=".35"' : 'stroke-width="1.8"'
    lines.push(`<path d="${path}" fill="none" stroke="${color}" ${style} stroke-linejoin="round"/>`)
    if (!one.dots && one.points.length > 1) continue
    lines.push(...one.points.map(([x, y]) => `<circle cx="${px(x)}" cy="${py(y)}" r="2.6" fill="${color}"/>`))
  }
  for (const { y, from, to, label } of chart.spans ?? []) {
    const middle = (Number(px(from)) + Number(px(to))) / 2
    lines.push(`<path d="M${px(from)} ${py(y)}H${px(to)}" stroke="${ink}" stroke-dasharray="3 3"/>`)
    lines.push(text(middle, Number(py(y)) - 6, label, 'middle'))
  }
  return [...lines, ...legend(series, inner)].join('\n')
}

function band({ points }: Series, spread: readonly number[], px: Place, py: Place): string {
  const upper = points.map(([x, y], i) => `${px(x)} ${py(y + spread[i]!)}`)
  const lower = points.map(([x, y], i) => `${px(x)} ${py(y - spread[i]!)}`).reverse()
  return `M${[...upper, ...lower].join('L')}Z`
}

type Place = (value: number) => string

/** On the title's line, from the right. */
function legend(series: readonly Series[], { right, top }: { right: number; top: number }): string[] {
  let x = right
  return [...series].reverse().flatMap(({ name, color }) => {
    if (name === undefined) return []
    x -= widthOf(name) + 28
    return [
      `<path d="M${fixed(x + 6)} ${top - 20}h12" stroke="${colors[color % colors.length]}" stroke-width="3"/>`,
      text(x + 23, top - 16, name, 'start'),
    ]
  })
}

/** The approximate width of a text; Chinese characters are twice as wide. */
const widthOf = (name: string): number => [...name].reduce((sum, char) => sum + (char > '\u2e80' ? 11.5 : 6), 0)

/** Round numbers that enclose the range. */
export function ticks(from: number, to: number, count = 5): number[] {
  const [low, high] = widened(from, to)
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 2.5, 5, 10].find((times) => times * power >= rough) ?? 10)
  const first = Math.floor(low / step + 1e-9)
  const last = Math.ceil(high / step - 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/** Powers of two between two logarithms, at most about eight of them. */
function doublings(low: number, high: number): number[] {
  const first = Math.ceil(low - 1e-9)
  const count = Math.floor(high + 1e-9) - first + 1
  const every = Math.ceil(count / 8)
  return Array.from({ length: Math.ceil(count / every) }, (_, i) => 2 ** (first + i * every))
}

/** Widens an empty range. */
const widened = (low: number, high: number): readonly [number, number] =>
  high > low ? [low, high] : [low - (Math.abs(low) || 1) / 10, high + (Math.abs(high) || 1) / 10]

const minOf = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity)
const maxOf = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), -Infinity)
const fixed = (x: number): string => x.toFixed(1)
const escaped = (s: string): string => s.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const text = (x: number, y: number, content: string, anchor: 'start' | 'end' | 'middle'): string =>
  `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}">${escaped(content)}</text>`

const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs))

/** `1200`, `65k`, `2M`, in the unit of the largest; very small numbers as powers of ten. */
export function short(x: number, largest = Math.abs(x)): string {
  const size = Math.abs(x)
  if (size > 0 && largest >= 1e6) return `${Number((x / 1e6).toPrecision(3))}M`
  if (size > 0 && largest >= 1e4) return `${Number((x / 1e3).toPrecision(3))}k`
  if (size > 0 && size < 1e-3) return x.toExponential().replace('e-', 'e−')
  return `${Number(x.toPrecision(4))}`
}
