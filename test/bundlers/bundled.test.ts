// typeclip inside a bundle, without its own files: the error says to keep typeclip external. Built by vitest's bundler;
// `try.mjs` tests the other bundlers, and the recipes.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'vite'
import { afterAll, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(root, 'test/bundlers/.built-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it.each([
  ['the starter', 'await load()'],
  ['the vocabulary', `await load(${JSON.stringify(join(root, 'models/starter'))})`],
])(
  'says to keep typeclip external if %s is not beside the bundle',
  async (_, call) => {
    const entry = join(folder, 'entry.mjs')
    const path = JSON.stringify(join(root, 'src/entry/node.ts'))
    writeFileSync(
      entry,
      `import { load } from ${path}\ntry { ${call} } catch (error) { console.log(error.name + ': ' + error.message) }\n`,
    )
    // Outside the repository, where no folder above the bundle has the files by chance.
    const outDir = mkdtempSync(join(tmpdir(), 'typeclip-bundle-'))
    try {
      await build({
        root: folder,
        configFile: false,
        logLevel: 'silent',
        build: { ssr: entry, outDir, emptyOutDir: true, target: 'node20' },
        ssr: { noExternal: true, external: ['onnxruntime-node', 'sharp'] },
      })
      writeFileSync(join(outDir, 'package.json'), '{ "type": "module" }')
      // The native packages, as if installed beside the bundle.
      symlinkSync(join(root, 'node_modules'), join(outDir, 'node_modules'), 'junction')
      const { stdout } = await promisify(execFile)(process.execPath, [join(outDir, 'entry.js')])
      expect(stdout).toMatch(
        /^CheckpointError: typeclip's own files are not beside this bundle \(.* does not exist\); keep typeclip external \(docs\/en\/bundlers\.md\)\n$/,
      )
    } finally {
      rmSync(outDir, { recursive: true, force: true })
    }
  },
  60_000,
)
