import { existsSync } from 'node:fs'
import { mkdtemp, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeFolder } from './make-folder.node.ts'

it('makes a folder with those above it, and leaves one that is there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
  const deep = join(folder, 'a', 'b', 'c')
  await makeFolder(deep)
  await makeFolder(deep)
  expect((await stat(deep)).isDirectory()).toBe(true)
})

it('refuses where a file is in the way', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
  await writeFile(join(folder, 'file'), '')
  await expect(makeFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(makeFolder(join(folder, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

it.runIf(existsSync('/proc/self'))(
  'ends where the system takes no folders',
  async () => {
    await expect(makeFolder('/proc/run/deep')).rejects.toMatchObject({ syscall: 'mkdir' })
  },
  5_000,
)
