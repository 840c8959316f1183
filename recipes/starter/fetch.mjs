/** Downloads the packages and repositories of `sources.json` into a cache folder, and checks each against its SHA-256 or commit. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { cache: { type: 'string' }, photos: { type: 'string' }, only: { type: 'string' } },
})
if (!values.cache) {
  console.error(
    'usage: node fetch.mjs --cache DIR [--photos DIR] [--only EXPRESSION]\n' +
      '  --photos  a folder that has the photo sets already\n' +
      '  --only    a regular expression for the sources to fetch, by their names in sources.json',
  )
  process.exit(2)
}
const cache = resolve(values.cache)
const packages = join(cache, 'packages')
mkdirSync(packages, { recursive: true })

/** @param {string} command @param {string[]} args @param {string} cwd */
function run(command, args, cwd) {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
}

/**
 * A package file, from the cache or the registry, with the right SHA-256.
 *
 * @param {string} name the file's
 * @param {string} sha256
 * @param {() => void} download into the packages folder
 */
function packageFile(name, sha256, download) {
  const file = join(packages, name)
  if (!existsSync(file)) download()
  if (!existsSync(file)) throw new Error(`${file} could not be downloaded: put it there by hand and start again`)
  const found = createHash('sha256').update(readFileSync(file)).digest('hex')
  if (found !== sha256) {
    rmSync(file)
    throw new Error(`${name}: SHA-256 is ${found}, expected ${sha256}; the file was removed, start again`)
  }
  return file
}

/** How each kind of source is downloaded: one row a kind. */
const kinds = {
  npm: (s, to) => {
    const name = `${folder(s)}-${s.version}.tgz`
    const file = packageFile(name, s.sha256, () => run('npm', ['pack', '--silent', `${s.name}@${s.version}`], packages))
    run('tar', ['-xzf', file, '-C', to, '--strip-components=1'], cache)
  },
  debian: (s, to) => {
    const name = `${s.name}_${s.version.replace(':', '%3a')}_${s.architecture}.deb`
    const file = packageFile(name, s.sha256, () => run('apt-get', ['download', `${s.name}=${s.version}`], packages))
    run('dpkg', ['-x', file, to], cache)
  },
  /** A commit's id is the checksum of its contents; only the paths that are used are downloaded. */
  git: (s, to) => {
    const clone = `${to}.git`
    rmSync(clone, { recursive: true, force: true })
    mkdirSync(clone, { recursive: true })
    run('git', ['init', '--quiet'], clone)
    run('git', ['config', 'gc.auto', '0'], clone)
    run('git', ['remote', 'add', 'origin', s.url], clone)
    run('git', ['config', 'remote.origin.promisor', 'true'], clone)
    run('git', ['config', 'remote.origin.partialclonefilter', 'blob:none'], clone)
    run('git', ['fetch', '--quiet', '--depth', '1', '--filter=blob:none', 'origin', s.commit], clone)
    // a sparse checkout, since it requests all files at once
    run('git', ['sparse-checkout', 'set', '--no-cone', ...s.paths.map((path) => `/${path}`)], clone)
    run('git', ['checkout', '--quiet', s.commit], clone)
    rmSync(join(clone, '.git'), { recursive: true })
    cpSync(join(clone, s.folder ?? '.'), to, { recursive: true })
    rmSync(clone, { recursive: true })
  },
}

/** @param {{ name: string }} source */
const folder = (source) => (source.name.startsWith('@') ? source.name.slice(1).replace('/', '-') : source.name)

for (const source of JSON.parse(readFileSync(new URL('sources.json', import.meta.url), 'utf8'))) {
  if (values.photos && source.name.startsWith('photos/')) continue
  if (values.only && !new RegExp(values.only).test(source.name)) continue
  const to = join(cache, folder(source))
  if (existsSync(to)) continue
  mkdirSync(dirname(to), { recursive: true })
  rmSync(`${to}.part`, { recursive: true, force: true })
  mkdirSync(`${to}.part`)
  try {
    kinds[source.kind](source, `${to}.part`)
  } catch (error) {
    console.error(`${source.name} (${source.kind}) could not be fetched: ${error.message}`)
    process.exit(1)
  }
  renameSync(`${to}.part`, to)
  console.log(`${source.name} ${source.version ?? source.commit}`)
}
