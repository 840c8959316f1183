/** A short caption for a drawing: one of its names, seldom a tag, in one of six templates. */

const TEMPLATES = [
  ...Array(6).fill('{}'),
  'a {}',
  'the {}',
  '{} emoji',
  'a small {}',
  'this is a {}',
  'a drawing of a {}',
]

/**
 * @param {import('../starter/words.mjs').Image} image
 * @param {() => number} random
 * @returns {string} at most eight words
 */
export function caption({ names, tags }, random) {
  const pick = (list) => list[Math.floor(random() * list.length)]
  const template = pick(TEMPLATES)
  const chance = random()
  const name = chance < 0.1 && tags.length > 0 ? pick(tags) : chance < 0.25 ? pick(names) : names[0]
  const text = template.replace('{}', name)
  return text.split(' ').length > 8 ? names[0] : text
}
