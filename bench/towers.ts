// The towers, float32: milliseconds an image or a text, ours and the peers' in turn, on the same weights.
//
// Ours is the public call, from pixels or words; the peers are handed finished tensors.

import { load, loadTokenizer, tokenize } from 'typeclip'
import { captions } from './captions.ts'
import { gemmPeak } from './gemm.ts'
import { type Peer, peerScript, type Request, startPeer } from './peer.ts'
import { checkpoint, folder, python, rounds, threads, transformersJs } from './settings.ts'
import { fixed, median, ratio } from './statistics.ts'

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
      ...['clip', 'open_clip', 'transformers', 'openvino'].map((peer) =>
        startPeer(peer, python, [peerScript('encode.py'), peer, folder, `${threads}`]),
      ),
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
    const pixels = { width: 224, height: 224, channels: 3 as const, data: new Uint8Array(224 * 224 * 3).fill(90) }
    const images = Array.from({ length: batch }, () => pixels)
    const ours: Peer = {
      name: 'typeclip',
      async encode() {
        const start = performance.now()
        await (texts ? clip.encodeText(texts) : clip.encodeImage(images))
        return performance.now() - start
      },
      stop() {},
    }
    const able = [ours, ...peers.filter((peer) => model === 'ViT-B-32' || !/^transformers/.test(peer.name))]
    const times = new Map(able.map((peer) => [peer.name, [] as number[]]))
    const peaks: number[] = []
    for (let round = -1; round < rounds; round++) {
      for (const peer of able) {
        const ms = (await peer.encode(request)) / batch
        if (round >= 0) times.get(peer.name)!.push(ms)
      }
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
    console.log(`${model} ${tower} tower, batch ${batch}, ms each: ${columns.join(', ')}${share}`)
    await clip.dispose()
  }
  for (const peer of peers) peer.stop()
}
