/** Writes the held-out images, one folder per class, and `classnames.json` with the labels. */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import sharp from 'sharp'

const folderName = (label) => label.replace(/[^a-z0-9.-]+/gi, '-').replace(/^[-.]+|[-.]+$/g, '') || 'x'

/**
 * @param {string} root
 * @param {Record<string, (import('./words.mjs').Image & { label: string })[]>} sets
 * @param {Record<string, string[]>} labels of a set that has classes without an image: they get empty folders
 */
export async function writeHeldOut(root, sets, labels = {}) {
  for (const [set, pictures] of Object.entries(sets)) {
    const done = join(root, `${set}.classnames.json`)
    if (existsSync(done)) continue
    /** @type {Record<string, string>} */
    const classnames = {}
    const folderOf = (label) => {
      let folder = folderName(label)
      while (classnames[folder] !== undefined && classnames[folder] !== label) folder += '-2'
      classnames[folder] = label
      return join(root, set, folder)
    }
    for (const label of labels[set] ?? []) mkdirSync(folderOf(label), { recursive: true })
    for (const p of pictures) {
      const to = folderOf(p.label)
      mkdirSync(to, { recursive: true })
      if (!p.file.endsWith('.svg')) {
        copyFileSync(p.file, join(to, basename(p.file)))
        continue
      }
      const image = sharp(p.file, { density: 144 }).resize(128, 128, { fit: 'contain', background: '#fff' })
      await image
        .flatten({ background: '#fff' })
        .png()
        .toFile(join(to, `${basename(p.file, '.svg')}.png`))
    }
    writeFileSync(done, `${JSON.stringify(classnames, null, 1)}\n`)
  }
}
