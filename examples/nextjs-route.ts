// A Next.js route handler: save it as app/api/classify/route.ts. Request and Response are the Web's own.
//
// In next.config.ts, so that Next.js leaves the native modules out of its bundle:
//   export default { serverExternalPackages: ['typeclip', 'onnxruntime-node', 'sharp'] }

import { type Clip, classify, InputError, load } from 'typeclip'

export const runtime = 'nodejs' // not the edge runtime: the model runs in native code

// Loaded at the first request, then kept. A failed load is not kept, so that the next request tries again.
let loading: Promise<Clip> | undefined
function model(): Promise<Clip> {
  loading ??= load().catch((error) => {
    loading = undefined
    throw error
  })
  return loading
}

export async function POST(request: Request): Promise<Response> {
  const form = await request.formData()
  const image = form.get('image')
  const labels = form.getAll('label').map(String)
  if (!(image instanceof Blob) || labels.length === 0) {
    return Response.json({ error: 'send the form fields image (a file) and label (one or more)' }, { status: 400 })
  }
  try {
    const [scores] = await classify(await model(), image, labels, { signal: request.signal })
    return Response.json(scores)
  } catch (error) {
    if (error instanceof InputError) return Response.json({ error: error.message }, { status: 400 })
    throw error
  }
}
