// ftfy's cautious decoding of HTML entities: only those that end in a semicolon, and names in capitals too.

import { entityValue, unescapeHtml } from '../html.ts'

/** 'P&eacute;rez' → 'Pérez', 'P&EACUTE;REZ' → 'PÉREZ', but 'this&not that' stays. */
export function unescapeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&#?[0-9A-Za-z]{1,24};/g, (entity) => {
    if (!entity.startsWith('&#')) return entityValue(entity.slice(1)) ?? capitalised(entity) ?? entity
    const character = unescapeHtml(entity)
    return character.includes(';') ? entity : character
  })
}

/** The value of a name that was written in capitals as a whole, where no other entity has that name or begins it. */
function capitalised(entity: string): string | undefined {
  const name = entity.slice(1).toLowerCase()
  if (name.toUpperCase() !== entity.slice(1) || unescapeHtml(entity) !== entity) return undefined
  return entityValue(name)?.toUpperCase()
}
