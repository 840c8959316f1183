// Tells typeclip's errors apart: a broken image is one failed input, a wrong option is the caller's fault.

import { load } from 'typeclip'
import { InputError, TypeclipError } from 'typeclip/errors'

const clip = await load()
try {
  await clip.encodeImage(['examples/pictures/hat.jpg', 'nowhere.jpg'])
} catch (error) {
  if (!(error instanceof InputError)) throw error
  console.log(`input ${error.index}: ${error.message}`)
}
try {
  await clip.encodeText('a cat', { onLong: 'cut' as never })
} catch (error) {
  if (!(error instanceof TypeclipError)) throw error
  console.log(`${error.name}: ${error.message}`)
}
await clip.dispose()
