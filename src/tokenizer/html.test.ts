import { expect, test } from 'vitest'
import { entityValue, unescapeHtml } from './html.ts'

test.each([
  ['&lt;b&gt; &amp;amp;', '<b> &amp;'],
  ['&copy 2020', '© 2020'],
  ['&notit; &notin;', '¬it; ∉'],
  ['&unknown; & &; &#; &#x;', '&unknown; & &; &#; &#x;'],
  ['&#65;&#x42;&#X43', 'ABC'],
  ['&#0; &#xD800; &#x110000; &#99999999999999999999;', '\ufffd \ufffd \ufffd \ufffd'],
  ['&#x80;&#x81;&#150;', '€\x81–'],
  ['[&#1;&#127;&#xFDD0;&#x1FFFE;]', '[]'],
  ['&#13;&#10;', '\r\n'],
  ['&NotEqualTilde;', '≂̸'],
])('%j', (escaped, text) => {
  expect(unescapeHtml(escaped)).toBe(text)
})

test('names with and without a semicolon are different names', () => {
  expect(entityValue('amp')).toBe('&')
  expect(entityValue('amp;')).toBe('&')
  expect(entityValue('alpha;')).toBe('α')
  expect(entityValue('alpha')).toBeUndefined()
})
