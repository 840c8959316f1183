// npm run bench [cold-start|start-up|towers|files|training|lora|linear-probe]…      all of them, if none is named
//
// Cold start comes first: a process inherits the peak memory of the one that started it.

import { coldStart } from './cold-start.ts'
import { files } from './files.ts'
import { linearProbe } from './linear-probe.ts'
import { lora } from './lora.ts'
import { startUp } from './start-up.ts'
import { towers } from './towers.ts'
import { training } from './training.ts'

const benches: Record<string, () => void | Promise<void>> = {
  'cold-start': coldStart,
  'start-up': startUp,
  towers,
  files,
  training,
  lora,
  'linear-probe': linearProbe,
}

for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(benches)) {
  const bench = benches[name]
  if (!bench) throw new Error(`no benchmark '${name}'; expected one of ${Object.keys(benches).join(', ')}`)
  await bench()
}
