/** Cells to a table: means over seeds with the deviation, the most memory, as JSON and as Markdown. */

const order = [
  'zero-shot',
  'tip-adapter',
  'tip-adapter-f',
  'linear-probe',
  'coop',
  'lit',
  'lora',
  'full',
  'wise-ft',
  'flyp',
]
/** Which of a lot's features a method reads: their time is its time. */
const reads = {
  'linear-probe': ['train', 'val'],
  coop: ['train'],
  'tip-adapter': ['val', 'views'],
  'tip-adapter-f': ['val', 'views'],
  lit: ['train', 'val'],
}

const mean = (x) => x.reduce((a, b) => a + b, 0) / x.length
const deviation = (x) =>
  x.length < 2 ? 0 : Math.sqrt(x.reduce((sum, v) => sum + (v - mean(x)) ** 2, 0) / (x.length - 1))

/** @param {any[]} cells @returns rows, each of one method, set and number of pictures */
export function summary(cells) {
  const features = new Map(cells.filter(({ kind }) => kind === 'features').map((cell) => [lot(cell), cell]))
  const runs = cells.filter(({ kind }) => kind === 'method').flatMap((cell) => (cell.full ? ends(cell) : [cell]))
  const rows = cells
    .filter(({ kind }) => kind === 'test')
    .map(({ data, top1, meanPerClass, n, megabytes }) => ({
      ...{ data, method: 'zero-shot', shots: 0, seeds: 1, n },
      ...{ top1, deviation: 0, meanPerClass, seconds: 0, megabytes },
    }))
  for (const group of grouped(runs)) {
    const [{ data, method, shots, n, trained }] = group
    const all = (key) => group.map((cell) => cell[key])
    const whole = group.map((cell) => {
      const parts = features.get(lot(cell)) ?? {}
      return cell.seconds + (reads[method] ?? []).reduce((sum, part) => sum + (parts[part] ?? 0), 0)
    })
    const others = all('other').filter((value) => typeof value === 'number')
    rows.push({
      ...{ data, method, shots, seeds: group.length, n, trained },
      ...{ top1: mean(all('top1')), deviation: deviation(all('top1')), meanPerClass: mean(all('meanPerClass')) },
      ...{ seconds: mean(whole), megabytes: Math.max(...all('megabytes')) },
      ...(others.length > 0 && { other: mean(others), otherDeviation: deviation(others) }),
    })
  }
  return rows.sort((a, b) => place(a) - place(b) || a.shots - b.shots).sort((a, b) => a.data.localeCompare(b.data))
}

const lot = ({ data, shots, seed }) => `${data}-${shots}-${seed}`
const place = ({ method }) => order.indexOf(method)
const ends = ({ full, ...cell }) => [cell, { ...cell, ...full, method: 'full' }]
const grouped = (runs) => {
  const groups = new Map()
  for (const cell of runs) {
    const key = `${cell.data} ${cell.method} ${cell.shots}`
    groups.set(key, [...(groups.get(key) ?? []), cell])
  }
  return groups.values()
}

/** @param {ReturnType<typeof summary>} rows */
export function markdown(rows) {
  const percent = (x, digits = 1) => (100 * x).toFixed(digits)
  const parts = [...new Set(rows.map(({ data }) => data))].map((data) => {
    const own = rows.filter((row) => row.data === data)
    const shots = [...new Set(own.map((row) => row.shots))].filter((n) => n > 0).sort((a, b) => a - b)
    const zero = own.find(({ method }) => method === 'zero-shot')
    const lines = order
      .filter((method) => method !== 'zero-shot' && own.some((row) => row.method === method))
      .map((method) => {
        const at = (n) => own.find((row) => row.method === method && row.shots === n)
        const cells = shots.map((n) => {
          const row = at(n)
          return row ? `${percent(row.top1)} ± ${percent(row.deviation)}${row.seeds < 3 ? ` (${row.seeds})` : ''}` : '–'
        })
        const last = shots.map(at).filter(Boolean).at(-1)
        return `| \`${method}\` | ${cells.join(' | ')} | ${last.seconds.toFixed(0)} s | ${last.megabytes} MB |`
      })
    return [
      `**${data}** (${own[0].n} test pictures${zero ? `; zero-shot ${percent(zero.top1)} %` : ''})`,
      '',
      `| method | ${shots.join(' | ')} | time | memory |`,
      `|---|${shots.map(() => '---').join('|')}|---|---|`,
      ...lines,
    ].join('\n')
  })
  const lost = rows.filter(({ other }) => other !== undefined)
  if (lost.length > 0) {
    const lines = lost.map(
      (r) => `| ${r.data} | \`${r.method}\` | ${percent(r.other)} ± ${percent(r.otherDeviation)} |`,
    )
    parts.push(['| learnt | method | the other set by words |', '|---|---|---|', ...lines].join('\n'))
  }
  return `${parts.join('\n\n')}\n`
}
