// Tries the recipes of docs/en/bundlers.md with the real bundlers: packs typeclip, installs it into a temporary folder,
// builds, runs, and compares with the same program unbundled.
//
//   node test/bundlers/try.mjs                     esbuild, Vite, Rolldown and webpack
//   node test/bundlers/try.mjs next                Next.js (a large installation)
//   node test/bundlers/try.mjs esbuild --keep      leaves the temporary folder

import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const repository = join(here, '../..')
const image = join(repository, 'examples/pictures/apple.jpg')
const windows = process.platform === 'win32'

const refusal = "typeclip's own files are not beside this bundle"

const viteConfig = (ssr) => `export default {
  build: { ssr: 'use.mjs', outDir: 'built', target: 'node20' },
  ssr: ${JSON.stringify(ssr)},
}
`

/** `build` writes `built/use.*`; `refused` builds with typeclip inside, whose run has to end with the sentence above. */
const bundlers = {
  esbuild: {
    packages: ['esbuild'],
    ways: {
      'esbuild --packages=external': {
        build: [
          'esbuild',
          'use.mjs',
          '--bundle',
          '--platform=node',
          '--format=esm',
          '--packages=external',
          '--outfile=built/use.mjs',
        ],
      },
      'esbuild --external:typeclip': {
        build: [
          'esbuild',
          'use.mjs',
          '--bundle',
          '--platform=node',
          '--format=esm',
          '--external:typeclip',
          '--outfile=built/use.mjs',
        ],
      },
      'esbuild, typeclip bundled': {
        refused: true,
        build: [
          'esbuild',
          'use.mjs',
          '--bundle',
          '--platform=node',
          '--format=esm',
          '--external:onnxruntime-node',
          '--external:sharp',
          '--outfile=built/use.mjs',
        ],
      },
      'esbuild, typeclip bundled as CommonJS': {
        refused: true,
        files: {
          'use-cjs.mjs':
            "import('typeclip').then(({ load }) => load()).catch((error) => { console.error(error.message); process.exit(1) })\n",
        },
        build: [
          'esbuild',
          'use-cjs.mjs',
          '--bundle',
          '--platform=node',
          '--format=cjs',
          '--external:onnxruntime-node',
          '--external:sharp',
          '--outfile=built/use.cjs',
        ],
      },
    },
  },
  vite: {
    packages: ['vite'],
    ways: {
      'Vite, ssr.external': {
        files: { 'vite.config.mjs': viteConfig({ external: ['typeclip'] }) },
        build: ['vite', 'build'],
      },
      'Vite, ssr as it is by default': { files: { 'vite.config.mjs': viteConfig({}) }, build: ['vite', 'build'] },
      'Vite, typeclip bundled': {
        refused: true,
        files: { 'vite.config.mjs': viteConfig({ noExternal: true, external: ['onnxruntime-node', 'sharp'] }) },
        build: ['vite', 'build'],
      },
    },
  },
  rolldown: {
    packages: ['rolldown'],
    ways: {
      'Rolldown, external': {
        files: {
          'rolldown.config.mjs': `export default { input: 'use.mjs', platform: 'node', external: ['typeclip'], output: { dir: 'built', entryFileNames: '[name].mjs' } }\n`,
        },
        build: ['rolldown', '-c', 'rolldown.config.mjs'],
      },
      'Rolldown, typeclip bundled': {
        refused: true,
        files: {
          'rolldown.config.mjs': `export default { input: 'use.mjs', platform: 'node', external: ['onnxruntime-node', 'sharp'], output: { dir: 'built', entryFileNames: '[name].mjs' } }\n`,
        },
        build: ['rolldown', '-c', 'rolldown.config.mjs'],
      },
    },
  },
  webpack: {
    packages: ['webpack', 'webpack-cli'],
    ways: {
      'webpack, externals': {
        files: {
          'webpack.config.mjs': `export default {
  entry: './use.mjs', target: 'node', mode: 'production',
  experiments: { outputModule: true },
  externals: { typeclip: 'module typeclip' },
  output: { path: import.meta.dirname + '/built', filename: 'use.mjs', module: true },
}
`,
        },
        build: ['webpack', '--config', 'webpack.config.mjs'],
      },
    },
  },
  next: { packages: ['next', 'react', 'react-dom'], serve: true },
}

const asked = process.argv.slice(2).filter((argument) => argument !== '--keep')
const unknown = asked.filter((name) => !(name in bundlers))
if (unknown.length > 0) {
  console.error(`unknown bundler: ${unknown.join(', ')}; known: ${Object.keys(bundlers).join(', ')}`)
  process.exit(2)
}
const names = asked.length > 0 ? asked : Object.keys(bundlers).filter((name) => name !== 'next')

const folder = mkdtempSync(join(tmpdir(), 'typeclip-bundlers-'))
let failures = 0
try {
  const tarball = pack()
  for (const name of names) {
    const place = join(folder, name)
    mkdirSync(place)
    writeFileSync(join(place, 'package.json'), '{ "private": true, "type": "module" }\n')
    cpSync(join(here, 'use.mjs'), join(place, 'use.mjs'))
    execute('npm', ['install', '--no-audit', '--no-fund', tarball, ...bundlers[name].packages], place)
    const expected = execute('node', ['use.mjs', image], place).stdout.trim()
    if (bundlers[name].serve) await tryNext(place, expected)
    else for (const [way, how] of Object.entries(bundlers[name].ways)) tryWay(place, way, how, expected)
  }
} finally {
  if (process.argv.includes('--keep')) console.log(`left: ${folder}`)
  else rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failures > 0 ? 1 : 0

function pack() {
  const { stdout } = execute('npm', ['pack', '--pack-destination', folder, '--json'], repository)
  return join(folder, JSON.parse(stdout.slice(stdout.indexOf('[')))[0].filename)
}

function tryWay(place, way, { files = {}, build, refused = false }, expected) {
  for (const [file, text] of Object.entries(files)) writeFileSync(join(place, file), text)
  rmSync(join(place, 'built'), { recursive: true, force: true })
  const built = execute('npx', build, place, { mayFail: true })
  if (built.status !== 0) return report(way, false, `build failed:\n${built.stdout}${built.stderr}`)
  const file = readdirSync(join(place, 'built')).find((name) => name.startsWith('use'))
  const ran = execute('node', [join('built', file), image], place, { mayFail: true })
  if (refused) {
    const said = ran.status !== 0 && ran.stderr.includes(refusal)
    return report(
      way,
      said,
      said ? `refused: "${refusal} …"` : `expected the refusal, got ${ran.status}: ${ran.stdout}${ran.stderr}`,
    )
  }
  const same = ran.stdout.trim() === expected
  report(way, same, same ? ran.stdout.trim() : `expected ${expected}, got ${ran.status}: ${ran.stdout}${ran.stderr}`)
}

/** Next.js: a route handler, built and served. */
async function tryNext(place, expected) {
  const config = (options) =>
    writeFileSync(join(place, 'next.config.mjs'), `export default ${JSON.stringify(options)}\n`)
  mkdirSync(join(place, 'app/classify'), { recursive: true })
  writeFileSync(
    join(place, 'app/classify/route.js'),
    `import { classify, load } from 'typeclip'

const model = load()

export async function POST(request) {
  const bytes = new Uint8Array(await request.arrayBuffer())
  return Response.json(await classify(await model, bytes, ['an apple', 'a shoe']))
}
`,
  )
  config({ serverExternalPackages: ['typeclip'] })
  const way = "Next.js, serverExternalPackages: ['typeclip']"
  const built = execute('npx', ['next', 'build'], place, { mayFail: true })
  if (built.status !== 0) return report(way, false, `build failed:\n${built.stdout}${built.stderr}`)
  const port = await freePort()
  const server = spawn(
    process.execPath,
    [join(place, 'node_modules/next/dist/bin/next'), 'start', '-p', String(port)],
    {
      cwd: place,
      stdio: 'ignore',
    },
  )
  try {
    const answer = await whenUp(`http://127.0.0.1:${port}/classify`, readFileSync(image))
    report(way, answer === expected, answer === expected ? answer : `expected ${expected}, got ${answer}`)
  } finally {
    server.kill()
  }
  config({})
  const bundled = execute('npx', ['next', 'build'], place, { mayFail: true })
  const line = `${bundled.stdout}${bundled.stderr}`
    .split('\n')
    .find((text) => /Can't resolve|Module not found|Error/.test(text))
  console.log(
    `note Next.js without that setting: ${bundled.status === 0 ? 'builds' : `does not build: ${line?.trim()}`}`,
  )
}

async function whenUp(url, body) {
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await fetch(url, { method: 'POST', body })
      return await response.text()
    } catch (error) {
      if (attempt === 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

function report(way, passed, detail) {
  if (!passed) failures++
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${way}\n     ${detail}`)
}

function execute(command, args, cwd, { mayFail = false } = {}) {
  const ran = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    shell: windows,
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip', NEXT_TELEMETRY_DISABLED: '1' },
    maxBuffer: 2 ** 28,
  })
  if (ran.error) throw ran.error
  if (ran.status !== 0 && !mayFail)
    throw new Error(`${command} ${args.join(' ')} ended with ${ran.status}\n${ran.stdout}${ran.stderr}`)
  return ran
}
