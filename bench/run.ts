// npm run bench [towers|cold-start|files]…      all of them, if none is named

import { coldStart } from './cold-start.ts'
import { files } from './files.ts'
import { towers } from './towers.ts'

const benches: Record<string, () => void | Promise<void>> = { towers, 'cold-start': coldStart, files }

for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(benches)) {
  const bench = benches[name]
  if (!bench) throw new Error(`no benchmark '${name}'; there is ${Object.keys(benches).join(', ')}`)
  await bench()
}
