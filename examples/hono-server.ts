// A web server: POST an image and labels to /classify, get scores back. Uses Hono (npm install hono @hono/node-server).
//
//   curl -F image=@examples/pictures/hat.jpg -F labels=hat,lemon http://localhost:3000/classify

import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { classify, InputError, load } from 'typeclip'

const clip = await load() // once for the process
const app = new Hono()

app.use(bodyLimit({ maxSize: 20 * 2 ** 20 }))

app.post('/classify', async (context) => {
  const { image, labels } = await context.req.parseBody()
  if (!(image instanceof Blob) || typeof labels !== 'string') {
    return context.json({ error: 'send the form fields image (a file) and labels (separated by commas)' }, 400)
  }
  const [scores] = await classify(
    clip,
    image,
    labels.split(',').map((label) => label.trim()),
  )
  return context.json(scores)
})

// Not a readable image: the client's mistake, in a sentence for the client.
app.onError((error, context) => context.json({ error: error.message }, error instanceof InputError ? 400 : 500))

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log(`listening on http://localhost:${port}`)
})
process.on('SIGTERM', () => server.close(() => clip.dispose()))
