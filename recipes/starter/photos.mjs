/** The photos: clothes, groceries and others, each with its names; and the held-out photos. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { named, words } from './words.mjs'

const CLOTHES = {
  dress: ['dress'],
  hat: ['hat', 'cap'],
  longsleeve: ['longsleeve', 'long sleeve shirt', 'long sleeve', 'sweater'],
  outwear: ['outwear', 'jacket', 'coat', 'outerwear'],
  pants: ['pants', 'trousers'],
  shirt: ['shirt', 'button up shirt'],
  shoes: ['shoes', 'footwear', 'pair of shoes'],
  shorts: ['shorts', 'pair of shorts'],
  skirt: ['skirt'],
  't-shirt': ['t-shirt', 'tee', 'tshirt'],
}

/** @param {string} root photos of one class a folder */
function classes(root) {
  return readdirSync(root)
    .sort()
    .flatMap((label) =>
      readdirSync(join(root, label))
        .sort()
        .map((f) => ({ label, file: join(root, label, f), name: `${label}/${f}` })),
    )
}

/** @param {string} photos @param {'train' | 'validation'} split */
export function clothing(photos, split) {
  return classes(join(photos, 'clothing', split)).map(({ label, file, name }) => ({
    ...named({ id: `clothing/${split}/${name}`, source: 'clothing', file, photo: true }, CLOTHES[label], [
      'clothes',
      'clothing',
    ]),
    label,
  }))
}

/** The kinds that the larger clothing set has and the small one lacks: no image of the small one's test split. */
const MORE_CLOTHES = {
  Polo: ['polo shirt', 'polo'],
  Undershirt: ['undershirt', 'tank top', 'vest'],
  Blazer: ['blazer', 'suit jacket'],
  Hoodie: ['hoodie', 'hooded sweatshirt'],
  Body: ['bodysuit', 'baby bodysuit', 'onesie'],
  Top: ['top'],
  Blouse: ['blouse'],
}

/** @param {string} cache */
export function moreClothing(cache) {
  const root = join(cache, 'clothing-dataset')
  return readFileSync(join(root, 'images.csv'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(','))
    .filter(([, , label]) => MORE_CLOTHES[label])
    .map(([image, , label]) =>
      named(
        {
          id: `more-clothing/${image}`,
          source: 'more-clothing',
          file: join(root, 'images', `${image}.jpg`),
          photo: true,
        },
        MORE_CLOTHES[label],
        ['clothes', 'clothing'],
      ),
    )
}

const ALSO = {
  Carrots: ['carrot'],
  Aubergine: ['eggplant'],
  Zucchini: ['courgette'],
  Satsumas: ['satsuma', 'mandarin'],
  'Red-Beet': ['beetroot'],
}
const KIND = { Fruit: 'fruit', Vegetables: 'vegetable', Packages: 'carton' }

/** All fine classes, including those without an image in the split. @param {string} photos */
export function groceryNames(photos) {
  const [, ...rows] = readFileSync(join(photos, 'grocery/classes.csv'), 'utf8').trim().split('\n')
  return rows.map((r) => words(r.split(',')[0]))
}

/** @param {string} photos @param {'train' | 'val'} split */
export function grocery(photos, split) {
  const root = join(photos, 'grocery')
  const [, ...rows] = readFileSync(join(root, 'classes.csv'), 'utf8').trim().split('\n')
  const names = rows.map((r) => r.split(','))
  return readFileSync(join(root, `${split}.txt`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [file, index] = line.split(',').map((s) => s.trim())
      const [fine, , coarse] = names[Number(index)]
      const kind = file.split('/')[1]
      const both = kind === 'Fruit' && !words(fine).includes(words(coarse)) ? [`${fine} ${coarse}`] : []
      return {
        ...named(
          { id: `grocery/${file}`, source: 'grocery', file: join(root, file), photo: true },
          [fine, ...both],
          [coarse, KIND[kind], ...(ALSO[fine] ?? [])],
        ),
        label: words(fine),
      }
    })
}

/** Held out. @param {string} photos */
export function flowers(photos) {
  return classes(join(photos, 'flowers/val')).map(({ label, file, name }) => ({
    ...named({ id: `flowers/val/${name}`, source: 'flowers', file, photo: true }, [label]),
    label,
  }))
}

const FASHION = [
  ['t-shirt'],
  ['trousers', 'pants'],
  ['pullover', 'sweater'],
  ['dress'],
  ['coat'],
  ['sandal'],
  ['shirt'],
  ['sneaker', 'shoe'],
  ['bag', 'handbag'],
  ['ankle boot', 'boot'],
]

/** @param {string} cache @param {number} count how many of the 60,000, from the first */
export function fashion(cache, count = 4000) {
  const root = join(cache, 'dataset-fashion-mnist/usr/share/datasets/fashion-mnist')
  const labels = gunzipSync(readFileSync(join(root, 'train-labels-idx1-ubyte.gz'))).subarray(8)
  const pixels = gunzipSync(readFileSync(join(root, 'train-images-idx3-ubyte.gz'))).subarray(16)
  return Array.from({ length: count }, (_, i) =>
    named(
      {
        id: `fashion-mnist/${i}`,
        source: 'fashion-mnist',
        gray: pixels.subarray(i * 784, (i + 1) * 784),
        photo: true,
      },
      FASHION[labels[i]],
      ['clothes'],
    ),
  )
}
