/** The mean of two checkpoints of one run, weight by weight (Wortsman et al. 2022, "Robust fine-tuning", WiSE-FT). */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { from: { type: 'string' }, to: { type: 'string' }, share: { type: 'string' }, out: { type: 'string' } },
})
const share = Number(values.share)
if (!values.from || !values.to || !values.out || !(share >= 0 && share <= 1)) {
  console.error(
    'usage: node average.mjs --from DIR --to DIR --share S --out DIR   (S of --to, 1 - S of --from; float32)',
  )
  process.exit(2)
}
const FILE = 'open_clip_model.safetensors'

/** @param {string} folder @returns the file's bytes, its header, and the offset of its tensors */
function read(folder) {
  const bytes = readFileSync(join(resolve(folder), FILE))
  const start = 8 + Number(bytes.readBigUInt64LE(0))
  return { bytes, start, header: JSON.parse(bytes.subarray(8, start).toString()) }
}

const from = read(values.from)
const to = read(values.to)
const floats = ({ bytes, start }, [first, last]) =>
  new Float32Array(new Uint8Array(bytes.subarray(start + first, start + last)).buffer)
for (const [name, tensor] of Object.entries(to.header)) {
  const other = from.header[name]
  if (name === '__metadata__' || tensor.dtype === 'I64') continue
  if (other?.dtype !== 'F32' || tensor.dtype !== 'F32' || `${other.shape}` !== `${tensor.shape}`) {
    const found = other ? `${other.dtype} [${other.shape}]` : 'nothing'
    throw new Error(`${name}: ${tensor.dtype} [${tensor.shape}] in --to, ${found} in --from; both must be float32`)
  }
  const [a, b] = [floats(from, other.data_offsets), floats(to, tensor.data_offsets)]
  for (let i = 0; i < a.length; i++) b[i] = (1 - share) * a[i] + share * b[i]
  to.bytes.set(new Uint8Array(b.buffer), to.start + tensor.data_offsets[0])
}
const out = resolve(values.out)
mkdirSync(out, { recursive: true })
writeFileSync(join(out, FILE), to.bytes)
copyFileSync(join(resolve(values.to), 'open_clip_config.json'), join(out, 'open_clip_config.json'))
