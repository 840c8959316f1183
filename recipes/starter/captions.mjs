/** One caption for an image: one of its names or tags in one of many templates, different each time. */

const PHOTO = [
  ...Array(8).fill('a photo of a {}'),
  ...Array(4).fill('{}'),
  'a photo of {}',
  'a photo of the {}',
  'a picture of a {}',
  'a close-up photo of a {}',
  'a good photo of a {}',
  'a photo of one {}',
  'this is a photo of {}',
  'a {}',
  'a cropped photo of a {}',
  'a blurry photo of a {}',
  'an image of a {}',
  'a photo of my {}',
  'a bright photo of a {}',
  'a photo of a small {}',
  'a low resolution photo of a {}',
  'itap of a {}',
]
const DRAWN = [
  ...Array(6).fill('{}'),
  ...Array(3).fill('a photo of a {}'),
  ...Array(2).fill('a {}'),
  'a drawing of a {}',
  'a picture of a {}',
  'a cartoon {}',
  'an illustration of a {}',
  'a sketch of a {}',
  'an image of a {}',
  'a picture of {}',
  'a painting of a {}',
  'this is a photo of {}',
  'a rendering of a {}',
  'art of the {}',
]
const EMOJI = [...DRAWN, 'an emoji of a {}', 'the {} emoji', '{} emoji']
const ICON = [...DRAWN, 'an icon of a {}', '{} icon', 'a symbol of a {}']
const CLIP_ART = [...DRAWN, 'clip art of a {}', '{} clip art', 'a graphic of a {}']

/** How often a tag replaces the name, by source. Default: 0.15. */
const TAG = {
  clothing: 0.03,
  grocery: 0.2,
  openclipart: 0.3,
  'tuxpaint-stamps': 0.2,
  'drawn-flowers': 0.1,
  'drawn-pets': 0.1,
}
/** How often the first name is used. Default: 0.7. */
const FIRST = { clothing: 0.75, 'drawn-flowers': 0.5 }
const UNCOUNTED = /^(a|an|the|two|three|some|flag of) /

/**
 * @param {import('./words.mjs').Image} image
 * @param {() => number} random
 * @returns {string} at most twelve words
 */
export function caption(picture, random) {
  const pick = (list) => list[Math.floor(random() * list.length)]
  const { names, tags, source } = picture
  const tagged = tags.length > 0 && random() < (TAG[source] ?? 0.15)
  const name = tagged ? pick(tags) : random() < (FIRST[source] ?? 0.7) ? names[0] : pick(names)
  let said = name
  if (!picture.photo && tags.length > 0 && random() < 0.1) said = `${name}, ${pick(tags)}`
  const text = pick(templates(picture, random)).replace('{}', said)
  const article = withArticle(text, said, random)
  const short = article.split(' ').length > 12 ? said : article
  return short.split(' ').slice(0, 12).join(' ') + (random() < 0.12 ? '.' : '')
}

/**
 * Names are compared and joined without hyphens; half of the captions write “t-shirt”, “jack-o-lantern” as people do.
 *
 * @param {string} text
 * @param {import('./words.mjs').Image} image
 * @param {() => number} random
 */
export function spell(text, picture, random) {
  if (random() < 0.5) return text
  const hyphened = picture.hyphened ? text.replace(picture.hyphened.replaceAll('-', ' '), picture.hyphened) : text
  return hyphened.replace(/\bt shirt/g, 't-shirt')
}

function templates(picture, random) {
  if (picture.photo) return PHOTO
  if (picture.source === 'tuxpaint-stamps') return random() < 0.5 ? PHOTO : CLIP_ART
  if (picture.source === 'openclipart') return CLIP_ART
  return picture.group === undefined ? ICON : EMOJI
}

/** “an apple”, and “jeans” without an article (half the time, for a name in -s may still be one thing). */
function withArticle(text, said, random) {
  const before = ` a ${said}`
  const at = ` ${text}`
  if (!at.includes(before)) return text
  if (UNCOUNTED.test(said) || (/s\b/.test(said) && random() < 0.5) || random() < 0.1)
    return at.replace(before, ` ${said}`).trim()
  return (/^[aeio]/.test(said) ? at.replace(before, ` an ${said}`) : at).trim()
}
