// From process start to the first embedding with typeclip.   node cold-start.mjs FILE image|text|both
import { load } from 'typeclip'

const [, , file, what] = process.argv
const clip = await load(file, { activation: 'quickgelu', threads: 2 })
const many = what === 'both' ? 32 : 1
const image = { width: 224, height: 224, channels: 3, data: new Uint8Array(224 * 224 * 3).fill(90) }
if (what !== 'text') await clip.encodeImage(Array.from({ length: many }, () => image))
if (what !== 'image') await clip.encodeText(Array.from({ length: many }, () => 'a photo of a cat'))
console.log(process.resourceUsage().maxRSS >> 10)
