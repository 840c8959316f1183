// Uses the build. For a longer test: `KILLS=200 npx vitest run test/survive/kill.test.ts`; KILL_WITHIN is the longest life
// of a process in milliseconds: set it so that many are killed while they train.

import { expect, it } from 'vitest'
import { survive } from './kill.ts'

const asked = Number(process.env.KILLS ?? 5)

it.skipIf(process.platform === 'win32')(
  'a run that is killed repeatedly ends with the numbers of an uninterrupted one',
  { timeout: 60_000 + 20_000 * asked },
  async () => {
    const wait = Number(process.env.KILL_WITHIN ?? 3000)
    const { kills, whileTraining, runs, differences } = await survive({ kills: asked, steps: 60, wait })
    console.log(`${kills} kills, ${whileTraining} of them between steps or in one; ${runs} runs of 60 steps`)
    expect(differences).toEqual([])
    expect(kills).toBe(asked)
  },
)
