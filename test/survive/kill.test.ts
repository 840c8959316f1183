// Uses the build. More often by hand: `KILLS=200 npx vitest run test/survive`.

import { expect, it } from 'vitest'
import { survive } from './kill.ts'

const asked = Number(process.env.KILLS ?? 5)

it.skipIf(process.platform === 'win32')(
  'a run that is killed again and again ends with the numbers of one that nobody touched',
  { timeout: 60_000 + 20_000 * asked },
  async () => {
    const { kills, differences } = await survive({ kills: asked, steps: 60, wait: 3000 })
    expect(differences).toEqual([])
    expect(kills).toBe(asked)
  },
)
