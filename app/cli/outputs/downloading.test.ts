import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { captured } from '../../../test/cli/captured.ts'

it('says within seconds what is being waited for', async () => {
  const home = mkdtempSync(join(tmpdir(), 'typeclip-home-'))
  const server = createServer((_, response) => setTimeout(() => response.writeHead(404).end(), 1500))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  vi.stubEnv('HF_ENDPOINT', `http://${host}`)
  vi.stubEnv('HF_HOME', home)
  writeFileSync(join(home, 'pairs.csv'), 'filepath,title\na.png,a cat\n')
  try {
    for (const command of [
      ['embed', '--text', 'a cat', '--out', join(home, 'vectors.npy'), '--model', 'org/slow'],
      ['convert', 'org/slow', join(home, 'converted'), '--to', 'open_clip'],
      ['train', '--data', join(home, 'pairs.csv'), '--out', join(home, 'run'), '--model', 'org/slow'],
    ]) {
      const { code, stderr } = await captured(command)
      expect([code, stderr]).toEqual([2, expect.stringContaining(`typeclip: waiting for ${host}, for up to 30 s\n`)])
      expect(stderr).toMatch(/org\/slow on .*: no such repository/)
    }
  } finally {
    vi.unstubAllEnvs()
    server.close()
    rmSync(home, { recursive: true })
  }
})
