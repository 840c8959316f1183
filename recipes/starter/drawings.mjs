/** The drawings: emoji in several styles, icon sets, clip art and stamps, each with its names. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { named, plain } from './words.mjs'

/** Files below a folder with this ending, in a fixed order. */
export function filesBelow(root, ending) {
  return readdirSync(root, { recursive: true })
    .filter((f) => f.endsWith(ending))
    .sort()
}

const some = (list) => list.filter((x) => x !== undefined)

/** @param {string} cache @param {string} name an Iconify set */
function icons(cache, name) {
  const data = JSON.parse(readFileSync(join(cache, `iconify-json-${name}`, 'icons.json'), 'utf8'))
  return Object.entries(data.icons)
    .filter(([, icon]) => !icon.hidden)
    .map(([key, icon]) => {
      const w = icon.width ?? data.width ?? 16
      const h = icon.height ?? data.height ?? 16
      const scale = 96 / Math.max(w, h)
      const box = `${icon.left ?? 0} ${icon.top ?? 0} ${w} ${h}`
      const svg =
        `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${box}" ` +
        `width="${w * scale}" height="${h * scale}">${icon.body.replaceAll('currentColor', '#000')}</svg>`
      return { key, picture: { id: `${name}/${key}`, source: name, svg } }
    })
}

const EMOJI = [
  'noto',
  'noto-v1',
  'twemoji',
  'fluent-emoji',
  'fluent-emoji-flat',
  'fluent-emoji-high-contrast',
  'fxemoji',
  'emojione',
  'emojione-monotone',
  'streamline-emojis',
]

/** Emoji whose files are named by code point. */
const BY_CODE = [
  { source: 'blobmoji', folder: 'blobmoji/svg', mono: false },
  { source: 'emojitwo', folder: 'emojitwo/svg', mono: false },
  { source: 'emojitwo-bw', folder: 'emojitwo/svg_bw', mono: true },
]

/** @param {string} cache @returns every emoji but OpenMoji's, and OpenMoji's for measuring */
export function emoji(cache) {
  const all = JSON.parse(readFileSync(join(cache, 'emojibase-data/en/data.json'), 'utf8'))
  const base = all.filter((e) => (e.group ?? 2) !== 2)
  const code = (s) => s.toUpperCase().replaceAll('-FE0F', '').replace(/^0+/, '')
  const byCode = new Map(base.map((e) => [code(e.hexcode), e]))
  const byName = new Map(base.map((e) => [plain(e.label), e]))
  for (const e of base) {
    const short = plain(e.label.replace(' face', ''))
    if (!byName.has(short)) byName.set(short, e)
  }
  const one = (picture, e) => {
    const label = e.label.replace(/[“”]/g, '').replaceAll('’', "'")
    const names = label.startsWith('flag: ')
      ? [`flag of ${label.slice(6)}`, label.slice(6)]
      : label.endsWith(' face')
        ? [label, label.slice(0, -5)]
        : [label]
    const made = named({ ...picture, group: e.group }, names, e.tags ?? [])
    if (made && e.group >= 8) made.flip = false
    if (made && label.includes('-')) made.hyphened = label.toLowerCase()
    return made
  }
  const train = []
  const threeD = join(cache, 'lobehub-fluent-emoji-3d/assets')
  for (const f of filesBelow(threeD, '.webp')) {
    const e = byCode.get(code(f.slice(0, -5)))
    if (e)
      train.push(one({ id: `fluent-emoji-3d/${f}`, source: 'fluent-emoji-3d', file: join(threeD, f), cutout: true }, e))
  }
  for (const name of EMOJI) {
    const mono = /monotone|contrast/.test(name)
    for (const { key, picture } of icons(cache, name)) {
      const e = byName.get(plain(key)) ?? byName.get(plain(key.replace(/-\d+$/, '')))
      if (e) train.push(one({ ...picture, mono }, e))
    }
  }
  for (const { source, folder, mono } of BY_CODE) {
    const root = join(cache, folder)
    for (const f of filesBelow(root, '.svg')) {
      const e = byCode.get(code(f.slice(0, -4).replace('emoji_u', '').replaceAll('_', '-')))
      if (e) train.push(one({ id: `${source}/${f}`, source, file: join(root, f), mono }, e))
    }
  }
  const heldOut = []
  for (const e of base) {
    const file = join(cache, 'openmoji/color/svg', `${e.hexcode}.svg`)
    if (existsSync(file)) heldOut.push(one({ id: `openmoji/${e.hexcode}`, source: 'openmoji', file }, e))
  }
  return { train: some(train), heldOut: some(heldOut) }
}

const COLOUR = [
  'flat-color-icons',
  'flat-ui',
  'meteocons',
  'marketeq',
  'circle-flags',
  'streamline-kameleon-color',
  'streamline-stickies-color',
  'streamline-ultimate-color',
  'streamline-plump-color',
  'streamline-flex-color',
  'streamline-freehand-color',
  'streamline-cyber-color',
]
const MONO = ['mdi', 'ph', 'tabler', 'lucide', 'game-icons', 'healthicons', 'maki', 'temaki', 'fa6-solid', 'icon-park']
export const ICON_SETS = [...COLOUR, ...MONO]
/** Keys that name another weight, or are a code instead of a name. */
const LEFT_OUT = {
  'circle-flags': /^..$|-/,
  ph: /-(bold|thin|light)$/,
  maki: /-(11|15|24px)$/,
  healthicons: /-(11|15|24px)$/,
}
const FINISH = /-(bold|thin|light|flat|duo|\d+|outline|outlined|24px|off|variant|circle|box)$/

/** @param {string} cache */
export function iconSets(cache) {
  return some(
    ICON_SETS.flatMap((name) =>
      icons(cache, name)
        .filter(({ key }) => !LEFT_OUT[name]?.test(key))
        .map(({ key, picture }) => {
          let short = key.replace(/-(fill|duotone|filled|solid)$/, '')
          for (let i = 0; i < 3; i++) short = short.replace(FINISH, '')
          return named({ ...picture, mono: MONO.includes(name) && name !== 'icon-park' }, [short])
        }),
    ),
  )
}

const NO_TAG =
  /^(clip ?art|image|media|public domain|png|svg|unsorted|hash|magick|mapsym|theme|various|icons?|mime ?types|lemon theme icon)$/i
/** Folders of shapes, desktop icons and the like, whose titles are meaningless, and one author's Italian titles. */
const NO_ART = /^(shapes|special|computer\/icons)\/|signs_and_symbols\/led|games\/cards\/|architetto|tasto/

/** @param {string} cache */
export function clipArt(cache) {
  const png = join(cache, 'openclipart-png/usr/share/openclipart/png')
  const svg = join(cache, 'openclipart-svg/usr/share/openclipart/svg')
  const first = (pattern, text) => pattern.exec(text)?.[1] ?? ''
  const clean = (s) =>
    s
      .replace(/&\w+;|<[^>]*>|\b(clip ?art|remix|icon|svg|version|by)\b|#?\b\d+\b/gi, ' ')
      .replace(/[^A-Za-z0-9' -]/g, ' ')
  return some(
    filesBelow(png, '.png').map((file) => {
      const name = file.slice(0, -4)
      if (NO_ART.test(name)) return undefined
      const drawing = join(svg, `${name}.svg`)
      const text = existsSync(drawing) ? readFileSync(drawing, 'latin1') : ''
      const rdf = first(/(<rdf:RDF[\s\S]*?<\/rdf:RDF>)/, text) || first(/(<metadata[\s\S]*?<\/metadata>)/, text)
      if (/gpl|lesser general/i.test(rdf)) return undefined
      const tags = [...rdf.matchAll(/<rdf:li>([\s\S]*?)<\/rdf:li>/g)].map((m) => clean(m[1]))
      const title = clipArtName(clean(first(/<dc:title>([\s\S]*?)<\/dc:title>/, rdf)), basename(name))
      if (!title) return undefined
      const seldom = /^(computer|signs_and_symbols)\//.test(name)
      const picture = { id: `openclipart/${file}`, source: 'openclipart', file: join(png, file), seldom }
      return named(
        picture,
        [title],
        tags.filter((t) => !NO_TAG.test(t.trim())),
      )
    }),
  )
}

/** The title, if it shares a word with the file's name (many titles name a collection or an author); else that name. */
function clipArtName(title, file) {
  if (/various/i.test(title)) return ''
  const long = title.toLowerCase().match(/[a-z]{3,}/g) ?? []
  if (
    title.trim().split(/\s+/).length <= 8 &&
    long.some((w) => plain(file).includes(w)) &&
    !/buculei|aiga/i.test(title)
  )
    return title
  return file
    .replace(/^(aiga|bb|contour|sport|map symbols?)_/, '')
    .replace(/[._-]+/g, ' ')
    .replace(/\d+/g, ' ')
    .replace(/\b[a-z]\b/g, ' ')
    .trim()
}

const NO_KIND = /^(cartoon|photo|misc|naturalforces|town|hobbies)$/

/** @param {string} cache */
export function stamps(cache) {
  const root = join(cache, 'tuxpaint-stamps-default/usr/share/tuxpaint/stamps')
  return some(
    filesBelow(root, '.txt').map((text) => {
      const stem = join(root, text.slice(0, -4))
      const file = ['.png', '.svg'].map((x) => stem + x).find((f) => existsSync(f))
      const line = readFileSync(join(root, text), 'utf8').split('\n')[0].trim()
      if (!file || !line) return undefined
      const name = line
        .replace(/\(.*?\)/g, '')
        .replace(/[“”]/g, '')
        .replace(/[.! ]+$/, '')
        .replace(/^(an?|the|some|this is an?|it is an?)\s+/i, '')
      const kinds = text
        .split('/')
        .slice(0, -1)
        .filter((f) => !NO_KIND.test(f))
        .map((f) => f.replace(/([a-z]{2})s$/, '$1'))
      return named(
        {
          id: `tuxpaint-stamps/${relative(root, file)}`,
          source: 'tuxpaint-stamps',
          file,
          cutout: !text.includes('cartoon'),
          seldom: text.startsWith('symbols/'),
        },
        [name, basename(text, '.txt').replace(/[\d_-]+$/, '')],
        kinds,
      )
    }),
  )
}
