// Whether a text looks like mojibake: sequences of characters that are rare in real text but common where UTF-8 was
// decoded in a single-byte encoding. The categories and sequences are ftfy's (6.3.1, see NOTICE).

import { whitespace } from '../whitespace.ts'

/** Character classes by category. */
const category = {
  common: '\\xa0\\xad·´–—―…’',
  c1: '\\x80-\\x9f',
  bad: '¦¤¨¬¯¸ƒˆˇ˘˛˜†‡‰⌐◊\\ufffdªº',
  law: '¶§',
  currency: '¢£¥₧€',
  start: '¡«¿©΄΅‘‚“„•‹\\uf8ff',
  end: '®»˝”›™',
  numeric: '²³¹±¼½¾×µ÷⁄∂∆∏∑√∞∩∫≈≠≡≤≥№',
  // Letters used in faces, as in ヽ(ಠ_ಠ)ノ.
  kaomoji: 'Ò-ÖÙ-Üò-öø-üŐŌŪŲ°',
  upper: 'À-ÑØÜÝĂĀĄĆČĎĐĘĚĒĖĞĢİĪĶĹĽŁĻŃŇŅŒŘŚŞŠŢŤŮŰŸŹŻŽҐ',
  lower: 'ßà-ñăąāćčďđęěēėğģįīķĺľłļœŕśşšťüźżžґﬁﬂ',
  upperCommon: 'ÞΑ-ΩΆΈΉΊΌΎΏΪΫЁ-Я',
  lowerCommon: 'α-ωάέήίΰа-џ',
  box: '│┌┐┘├┤┬┼═-╬▀▄█▌▐░▒▓',
} as const

/** A character class of categories (by name) and further characters. */
function any(names: string, more = ''): string {
  const contents = names.split(' ').map((name) => category[name as keyof typeof category])
  return `[${contents.join('')}${more}]`
}

// Python's \w.
const wordCharacter = '[\\p{L}\\p{N}_]'

const arabic = `[ØÙ]${any('common currency bad numeric start', 'ŸŠ®°µ»')}`

const sequences = [
  any('c1'),
  any('bad lower upper box start end currency numeric law') + any('bad'),
  `[a-zA-Z]${any('lowerCommon upperCommon')}${any('bad')}`,
  any('bad') + any('lower upper box start end currency numeric law'),
  any('lower lowerCommon box end currency numeric') + any('upper'),
  any('box end currency numeric') + any('lower'),
  any('lower box end') + any('currency'),
  whitespace + any('upper') + any('currency'),
  any('upper box') + any('numeric law'),
  any('lower upper box currency end') + any('start') + any('numeric'),
  any('lower upper currency numeric box law') + any('end') + any('start'),
  any('currency numeric box') + any('start'),
  `[a-z]${any('upper')}${any('start currency')}`,
  any('box') + any('kaomoji'),
  any('lower upper currency numeric start end law') + any('box'),
  any('box') + any('end'),
  any('lower upper') + any('start end') + wordCharacter,
  // The ligature œ other than before a plain Latin letter; a degree sign after a capital.
  '[Œœ][^A-Za-z]',
  `${any('upper')}°`,
  // Two characters of Windows-1252 that the patterns above do not cover.
  `[ÂÃÎÐ]${any('start end', '€œŠš¢£Ÿž\\xa0\\xad®©°·»–—´')}`,
  '×[²³]',
  // Arabic in Windows-1252: a single letter is harmless, so two letters must follow each other.
  arabic + arabic,
  // South Asian scripts in Windows-1252.
  'à[²µ¹¼½¾]',
  // Mac Roman.
  '√[±∂†≠®™´≤≥¥µø]',
  '≈[°¢]',
  '‚Ä[ìîïòôúùû†°¢π]',
  '‚[âó][àä°ê]',
  // Windows-1251: punctuation; Latin-1 or Cyrillic letters; and Windows-1252 read so twice, near a Latin letter.
  'вЂ',
  `[ВГРС]${any('c1 bad start end currency', '°µ')}[ВГРС]`,
  'ГўВЂВ[^\\n][A-Za-z ]',
  // 'à', 'á' and the no-break space in Windows-1252, also where byte A0 became a space.
  'Ã[\\xa0¡]',
  `[a-z]${whitespace}?[ÃÂ] `,
  '^[ÃÂ] ',
  // 'Â' before a character that forms one UTF-8 sequence with it.
  `${any('end', 'a-z.,?!')}Â${any('start end', ' ')}`,
  // Windows-1253: punctuation; Latin-1 or Greek letters.
  'β€[™\\xa0Ά\\xad®°]',
  `[ΒΓΞΟ]${any('c1 bad start end currency', '°')}[ΒΓΞΟ]`,
  // Windows-1257: punctuation.
  'ā€',
]

const badness = new RegExp(sequences.join('|'), 'u')

export function isBad(text: string): boolean {
  return badness.test(text)
}
