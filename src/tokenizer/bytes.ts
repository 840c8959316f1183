// GPT-2's printable alphabet for bytes, in which CLIP's vocabulary is written: a byte that is a printable Latin-1 character
// is that character, the others are characters from U+0100 on. Ids follow its order.

const all = Array.from({ length: 256 }, (_, byte) => byte)
const printable = all.filter((byte) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad))
const ordered = [...printable, ...all.filter((byte) => !printable.includes(byte))]

/** The character of each of the first 256 ids. */
export const byteAlphabet: readonly string[] = ordered.map((byte, id) =>
  String.fromCharCode(id < printable.length ? byte : 0x100 + id - printable.length),
)

/** The id of each byte. */
export const byteIds: readonly number[] = all.map((byte) => ordered.indexOf(byte))

const byteOf = new Map(byteAlphabet.map((character, id) => [character, ordered[id]!]))

/** Printable characters → bytes. */
export function bytesOf(characters: string): number[] {
  return Array.from(characters, (character) => byteOf.get(character)!)
}
