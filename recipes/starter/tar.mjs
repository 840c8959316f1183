/** Writes a tar archive (ustar), the container of a WebDataset shard. */
import { closeSync, openSync, renameSync, writeSync } from 'node:fs'

/**
 * @param {string} path written as `path.part` and renamed when complete, so that a shard is whole or absent
 * @param {{ name: string, bytes: Uint8Array }[]} members
 */
export function writeTar(path, members) {
  const file = openSync(`${path}.part`, 'w')
  const chunks = []
  for (const { name, bytes } of members) {
    chunks.push(header(name, bytes.length), bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512))
  }
  chunks.push(Buffer.alloc(1024))
  writeSync(file, Buffer.concat(chunks))
  closeSync(file)
  renameSync(`${path}.part`, path)
}

/**
 * @param {string} name at most 100 bytes
 * @param {number} size
 */
function header(name, size) {
  const block = Buffer.alloc(512)
  block.write(name, 0, 100, 'ascii')
  block.write('0000644\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  block.write('00000000000\0', 136) // no clock: the same input gives the same bytes
  block.write('        ', 148)
  block.write('0', 156)
  block.write('ustar\x0000', 257, 'latin1')
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}
