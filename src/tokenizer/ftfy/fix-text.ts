// ftfy's `fix_text` with its default settings: mojibake, HTML entities, ligatures, widths, quotes, line breaks, control
// characters and Unicode normalisation. After ftfy 6.3.1, see NOTICE.

import { fixCharacters } from './characters.ts'
import { unescapeEntities } from './entities.ts'
import { fixEncoding } from './mojibake.ts'

// Most texts are printable ASCII without '&', which nothing changes.
const plain = /^[\t\n\x20-\x25\x27-\x7e]*$/

export function fixText(text: string): string {
  if (plain.test(text)) return text
  let fixed = ''
  // A text with '<' counts as HTML, so its entities are kept.
  let entities = true
  for (const segment of segments(text)) {
    if (segment.includes('<')) entities = false
    fixed += fixSegment(segment, entities)
  }
  return fixed
}

function fixSegment(segment: string, entities: boolean): string {
  for (let text = segment; ; ) {
    const before = text
    if (entities) text = unescapeEntities(text)
    text = fixCharacters(fixEncoding(text)).normalize('NFC')
    if (text === before) return text
  }
}

/** Lines with their line feed, in pieces of at most a million characters; each is repaired on its own. */
function segments(text: string): string[] {
  return text.match(/[^\n]{0,999999}\n|[^\n]{1,1000000}/gu) ?? []
}
