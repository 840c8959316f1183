import { expect, test } from 'vitest'
import { isBad } from './badness.ts'
import { codePages, encodeIn } from './code-pages.ts'
import { fixText } from './fix-text.ts'
import { decodeUtf8, replaceLossySequences, restoreA0 } from './utf8.ts'

test.each([
  ['mojibake', 'schÃ¶n', 'schön'],
  ['mojibake twice over', 'schÃƒÂ¶n', 'schön'],
  ['mojibake of Cyrillic in windows-1251', 'РїСЂРёРІРµС‚', 'привет'],
  ['mojibake inside other text', 'пример: schÃ¶n', 'пример: schön'],
  ['a byte A0 that became a space', 'voilÃ le travail', 'voilà le travail'],
  ['a byte that was lost', 'â€œ like this â€�', '" like this �'],
  ['accents that were meant', 'É uma ação, à côté', 'É uma ação, à côté'],
  ['entities', 'P&eacute;rez P&EACUTE;REZ this&not that', 'Pérez PÉREZ this&not that'],
  ['entities in HTML', '<b>P&eacute;rez</b>', '<b>P&eacute;rez</b>'],
  ['entities on lines after HTML', '&eacute;\n<b>\n&eacute;', 'é\n<b>\n&eacute;'],
  ['ligatures, widths and quotes', 'ﬂuﬃeﬆ ＬＯＵＤ　ｶﾞ “it’s” ŉ', 'fluffiest LOUD ガ "it\'s" \'n'],
  ['line breaks', 'a\r\nb\rc\u2028d', 'a\nb\nc\nd'],
  ['control characters and colours', '\ufeffa\0b\x1b[36;44mc\x1b[0m', 'abc'],
  ['half a surrogate pair', '\ud83d!', '\ufffd!'],
  ['decomposed letters', 'e\u0301', 'é'],
])('%s', (_, text, fixed) => {
  expect(fixText(text)).toBe(fixed)
})

test('mojibake is distinguished from real text', () => {
  expect(isBad('Ã©tÃ©')).toBe(true)
  expect(isBad('été — “naïve” Ærøskøbing')).toBe(false)
})

test('the Windows and ISO code pages are those of the platform, with gaps filled from Latin-1', () => {
  const labels: Record<string, string> = { macroman: 'macintosh' }
  for (const { name, upper, sloppy } of codePages) {
    // No platform has the first two; Node 20 reads windows-1252 as Latin-1.
    if (['latin-1', 'cp437', 'windows-1252'].includes(name)) continue
    const decoder = new TextDecoder(labels[name] ?? name)
    const expected = Array.from({ length: 128 }, (_, i) => {
      const character = decoder.decode(Uint8Array.of(0x80 + i))
      return sloppy && character === '\ufffd' ? String.fromCharCode(0x80 + i) : character
    })
    expect(upper, name).toBe(expected.join(''))
  }
})

test('a text is encoded in a code page as a whole or not at all', () => {
  const [latin1, windows1252] = codePages
  expect(encodeIn(latin1!, 'é')).toBe('\xe9')
  expect(encodeIn(latin1!, 'é€')).toBeUndefined()
  expect(encodeIn(windows1252!, 'é€\ufffd')).toBe('\xe9\x80\x1a')
  expect(encodeIn(windows1252!, '\x1a')).toBeUndefined()
})

test('UTF-8 is read strictly, with two variants', () => {
  expect(decodeUtf8('\xc3\xa9')).toBe('é')
  expect(decodeUtf8('\xc3')).toBeUndefined()
  expect(decodeUtf8('\xef\xbb\xbfa')).toBe('\ufeffa')
  expect(decodeUtf8('\xc0\x80')).toBe('\0')
  expect(decodeUtf8('\xed\xa0\xbd\xed\xb8\x80')).toBe('😀')
  expect(decodeUtf8('\xed\xa0\xbd')).toBeUndefined()
})

test('bytes are repaired before they are read', () => {
  expect(restoreA0('\xc3 la \xc3 quele')).toBe('\xc3\xa0 la \xc3\xa0quele')
  expect(replaceLossySequences('\xe2\x80\x1a')).toBe('\xef\xbf\xbd')
})
