// Checks the published declarations with older compilers, strictly and with `skipLibCheck: false`: packs typeclip,
// installs it into a temporary folder, and compiles a file that imports every public entry.
//
//   node test/declarations/try.mjs                 TypeScript 5.0, 5.4, 5.9 and 6.0
//   node test/declarations/try.mjs 5.2 7.0         these

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..')
const asked = process.argv.slice(2)
const versions = asked.length > 0 ? asked : ['5.0', '5.4', '5.9', '6.0']
const folder = mkdtempSync(join(tmpdir(), 'typeclip-declarations-'))
let failures = 0
try {
  const { stdout } = execute('npm', ['pack', '--pack-destination', folder, '--json'], repository)
  const tarball = join(folder, JSON.parse(stdout.slice(stdout.indexOf('[')))[0].filename)
  const entries = Object.keys(JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')).exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => `typeclip${entry.slice(1)}`)
  for (const version of versions) {
    const place = join(folder, version)
    mkdirSync(place)
    writeFileSync(join(place, 'package.json'), '{ "private": true, "type": "module" }\n')
    writeFileSync(
      join(place, 'use.ts'),
      `${entries.map((entry, i) => `import * as entry${i} from '${entry}'`).join('\n')}
import { classify, type DownloadProgress, load, type LongText, type RawImage, TrainingError } from 'typeclip'

export const entries = [${entries.map((_, i) => `entry${i}`).join(', ')}]
export async function best(image: RawImage, onLong: LongText): Promise<string> {
  const clip = await load(undefined, { onProgress: (progress: DownloadProgress) => console.log(progress.file) })
  const [labels] = await classify(clip, image, ['a cat', 'a dog'], { onLong })
  const label = labels?.[0]?.label
  if (label === undefined) throw new TrainingError('no label')
  return label
}
`,
    )
    execute('npm', ['install', '--no-audit', '--no-fund', tarball, `typescript@${version}`, nodeTypes(version)], place)
    const flags =
      '--strict --noEmit --skipLibCheck false --exactOptionalPropertyTypes --noUncheckedIndexedAccess --target es2022 --lib es2023,dom,dom.iterable --types node'.split(
        ' ',
      )
    for (const [module, resolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ]) {
      const ran = execute(
        'npx',
        ['tsc', ...flags, '--module', module, '--moduleResolution', resolution, 'use.ts'],
        place,
        true,
      )
      const passed = ran.status === 0
      if (!passed) failures++
      console.log(`${passed ? 'ok  ' : 'FAIL'} TypeScript ${version}, moduleResolution ${resolution}`)
      if (!passed) console.log(ran.stdout + ran.stderr)
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failures > 0 ? 1 : 0

/** Node's own types follow TypeScript: newer ones do not pass on 5.0, and older ones do not pass on 5.9. */
function nodeTypes(version) {
  const [major, minor] = version.split('.').map(Number)
  return major === 5 && minor < 2 ? '@types/node@20.11' : '@types/node@20'
}

function execute(command, args, cwd, mayFail = false) {
  const ran = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
    maxBuffer: 2 ** 28,
  })
  if (ran.error) throw ran.error
  if (ran.status !== 0 && !mayFail)
    throw new Error(`${command} ${args.join(' ')} ended with ${ran.status}\n${ran.stdout}${ran.stderr}`)
  return ran
}
