// The encoders, float32: milliseconds an image or a text, ours and the peers' interleaved, on the same weights.
//
// All get prepared pixels; for texts the peers get prepared ids, and typeclip is called with strings.

import { setTimeout } from 'node:timers/promises'
import { Tensor as Value } from 'onnxruntime-common'
import { load, loadTokenizer, tokenize } from 'typeclip'
import { encodeImage, input } from 'typeclip/graph'
import { captions } from './captions.ts'
import { gemmPeak } from './gemm.ts'
import { type Peer, peerScript, type Request, startPeer } from './peer.ts'
import { checkpoint, folder, python, rounds, threads, transformersJs } from './settings.ts'
import { fixed, median, ratio } from './statistics.ts'

/** Milliseconds until the threads of the previous run stop spinning, which would slow the next one. */
const settle = 300

/** Multiplications and additions that an image or a text needs, in GFLOP, where known. */
const gflops: Record<string, number> = { 'ViT-B-32 image': 8.15 }

const cases: Request[] = [
  ...[1, 8, 32].map((batch): Request => ({ model: 'ViT-B-32', tower: 'image', batch })),
  ...[1, 32, 256].map((batch): Request => ({ model: 'ViT-B-32', tower: 'text', batch, texts: captions(batch) })),
  ...[1, 8, 32].map((batch): Request => ({ model: 'RN50', tower: 'image', batch })),
]

export async function towers(): Promise<void> {
  const peers = (
    await Promise.all([
      ...(process.env.TYPECLIP_BENCH_PEERS ?? 'clip,open_clip,transformers,openvino')
        .split(',')
        .map((peer) => startPeer(peer, python, [peerScript('encode.py'), peer, folder, `${threads}`])),
      transformersJs
        ? startPeer(
            'transformers.js',
            process.execPath,
            [peerScript('transformersjs.mjs'), folder, `${threads}`],
            transformersJs,
          )
        : undefined,
    ])
  ).filter((peer) => peer !== undefined)
  const tokenizer = await loadTokenizer()
  const peak = await gemmPeak()
  for (const request of cases) {
    const { model, tower, batch, texts } = request
    if (texts) request.ids = [...tokenize(tokenizer, texts).ids]
    const clip = await load(checkpoint(model), { activation: 'quickgelu', threads })
    const size = clip.config.image!.imageSize
    const program = await clip.runtime.compile({
      embedding: encodeImage(clip.parameters, input('image', 'float32', ['batch', 3, size, size]), clip.config),
    })
    const pixels = new Float32Array(batch * 3 * size * size).fill(0.1)
    const image = new Value('float32', pixels, [batch, 3, size, size])
    const ours: Omit<Peer, 'ask'> = {
      name: 'typeclip',
      async encode() {
        const start = performance.now()
        await (texts ? clip.encodeText(texts) : program.run({ image }))
        return performance.now() - start
      },
      stop() {},
    }
    const able = [ours, ...peers.filter((peer) => model === 'ViT-B-32' || !/^transformers/.test(peer.name))]
    const times = new Map(able.map((peer) => [peer.name, [] as number[]]))
    const peaks: number[] = []
    for (let round = -1; round < rounds; round++) {
      for (const peer of able) {
        await setTimeout(settle)
        const ms = (await peer.encode(request)) / batch
        if (round >= 0) times.get(peer.name)!.push(ms)
      }
      await setTimeout(settle)
      peaks.push(await peak())
    }
    const mine = times.get('typeclip')!
    const columns = [...times].map(([name, all]) =>
      name === 'typeclip'
        ? `${name} ${fixed(median(all))}`
        : `${name} ${fixed(median(all))} (${fixed(ratio(all, mine))}×)`,
    )
    const work = gflops[`${model} ${tower}`]
    const share = work
      ? `; ${fixed((100 * work * 1e3) / median(mine) / median(peaks), 0)} % of GEMM peak ${fixed(median(peaks), 0)} GFLOP/s`
      : ''
    console.log(`${model} ${tower} encoder, batch ${batch}, ms each: ${columns.join(', ')}${share}`)
    await program.dispose()
    await clip.dispose()
  }
  for (const peer of peers) peer.stop()
}
