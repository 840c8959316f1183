/** Cells to a table: means over seeds with the standard deviation, peak memory, as JSON and as Markdown. */

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
/** The features of a lot that a method reads: their time is part of its time. */
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

/** @param {any[]} cells @returns rows, each of one method, set and number of images */
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
    const others = all('other').filter((other) => other?.top1 !== undefined)
    const accuracies = others.map(({ top1 }) => top1)
    rows.push({
      ...{ data, method, shots, seeds: group.length, n, trained },
      ...{ top1: mean(all('top1')), deviation: deviation(all('top1')), meanPerClass: mean(all('meanPerClass')) },
      ...{ seconds: mean(whole), megabytes: Math.max(...all('megabytes')) },
      ...(accuracies.length > 0 && {
        other: { data: others[0].data, top1: mean(accuracies), deviation: deviation(accuracies) },
      }),
    })
  }
  return rows
    .sort((a, b) => place(a) - place(b) || byCount(a.shots, b.shots))
    .sort((a, b) => a.data.localeCompare(b.data))
}

/** Numbers, then `all`. */
const byCount = (a, b) => (a === b ? 0 : a === 'all' ? 1 : b === 'all' ? -1 : a - b)
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

/** The tables' words. */
const languages = {
  en: {
    about: (n, zero) => `(${n} test images${zero ? `; zero-shot ${zero} %` : ''})`,
    method: 'method',
    all: 'all',
    cost: (shots) => [`time at ${shots}`, `memory at ${shots}`],
    lost: ['trained on', 'images', 'zero-shot on', 'before', 'method', 'after'],
  },
  zh: {
    about: (n, zero) => `（${n} 张测试图像${zero ? `；零样本 ${zero} %` : ''}）`,
    method: '方法',
    all: '全部',
    cost: (shots) => ['时间', '内存'].map((name) => `${name}（${shots}${shots === '全部' ? '' : ' 张'}）`),
    lost: ['训练数据', '张数', '零样本评测', '训练前', '方法', '训练后'],
  },
}

const percent = (x) => (100 * x).toFixed(1)
const spread = (x, deviation, seeds) => `${percent(x)}${seeds > 1 ? ` ± ${percent(deviation)}` : ''}`
const named = (shots, words) => (shots === 'all' ? words.all : shots)
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

/** @param {ReturnType<typeof summary>} rows @param {'en' | 'zh'} language */
export function markdown(rows, language) {
  const words = languages[language]
  const most = Math.max(...rows.map(({ seeds }) => seeds))
  const parts = [...new Set(rows.map(({ data }) => data))].map((data) => {
    const own = rows.filter((row) => row.data === data)
    const shots = [...new Set(own.map((row) => row.shots))].filter((n) => n !== 0).sort(byCount)
    const costly = shots.filter((n, i) => n === 'all' || i === shots.findLastIndex((m) => m !== 'all'))
    const zero = own.find(({ method }) => method === 'zero-shot')
    const lines = order
      .filter((method) => method !== 'zero-shot' && own.some((row) => row.method === method))
      .map((method) => {
        const at = (n) => own.find((row) => row.method === method && row.shots === n)
        const cells = shots.map((n) => {
          const row = at(n)
          if (!row) return '–'
          const fewer = row.seeds < most ? ` (${row.seeds})` : ''
          return `${spread(row.top1, row.deviation, row.seeds)}${fewer}`
        })
        const costs = costly
          .map(at)
          .flatMap((row) => (row ? [`${row.seconds.toFixed(0)} s`, `${row.megabytes} MB`] : ['–', '–']))
        return [`\`${method}\``, ...cells, ...costs]
      })
    const counts = shots.map((n) => named(n, words))
    const head = [words.method, ...counts, ...costly.flatMap((n) => words.cost(named(n, words)))]
    return `**${data}** ${words.about(own[0].n, zero && percent(zero.top1))}\n\n${table(head, lines)}`
  })
  const lost = rows.filter(({ other }) => other !== undefined)
  if (lost.length > 0) {
    const lines = lost.map(({ data, method, shots, seeds, other }) => {
      const zero = rows.find((row) => row.data === other.data && row.method === 'zero-shot')
      const before = zero ? percent(zero.top1) : '–'
      return [
        data,
        named(shots, words),
        other.data,
        before,
        `\`${method}\``,
        spread(other.top1, other.deviation, seeds),
      ]
    })
    parts.push(table(words.lost, lines))
  }
  return `${parts.join('\n\n')}\n`
}
