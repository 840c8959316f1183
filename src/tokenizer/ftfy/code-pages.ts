// The single-byte encodings that UTF-8 text is wrongly read in, and text ↔ bytes in each of them. Bytes are held as a
// string of characters U+0000 … U+00FF, so that patterns over bytes are ordinary regular expressions.

export interface CodePage {
  name: string
  /** The characters of bytes 0x80 … 0xFF; bytes below are ASCII in every page. */
  upper: string
  /**
   * A page that Windows programs read with gaps filled in from Latin-1 (ftfy's "sloppy" pages, and the browsers').
   * Such a page also maps U+FFFD, which replaces a lost byte, to byte 0x1A.
   */
  sloppy: boolean
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => String.fromCharCode(from + i)).join('')

/** In the order of trial. */
export const codePages: readonly CodePage[] = [
  { name: 'latin-1', sloppy: false, upper: range(0x80, 0x100) },
  {
    name: 'windows-1252',
    sloppy: true,
    upper:
      '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ\xa0¡¢£¤¥¦§¨©ª«¬\xad®¯°±²³´µ¶·¸¹º»¼½¾¿' +
      'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ',
  },
  {
    name: 'windows-1251',
    sloppy: true,
    upper:
      'ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\x98™љ›њќћџ\xa0ЎўЈ¤Ґ¦§Ё©Є«¬\xad®Ї°±Ііґµ¶·ё№є»јЅѕї' +
      'АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя',
  },
  {
    name: 'windows-1250',
    sloppy: true,
    upper:
      '€\x81‚\x83„…†‡\x88‰Š‹ŚŤŽŹ\x90‘’“”•–—\x98™š›śťžź\xa0ˇ˘Ł¤Ą¦§¨©Ş«¬\xad®Ż°±˛ł´µ¶·¸ąş»Ľ˝ľż' +
      'ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙',
  },
  {
    name: 'windows-1253',
    sloppy: true,
    upper:
      '€\x81‚ƒ„…†‡\x88‰\x8a‹\x8c\x8d\x8e\x8f\x90‘’“”•–—\x98™\x9a›\x9c\x9d\x9e\x9f' +
      '\xa0΅Ά£¤¥¦§¨©ª«¬\xad®―°±²³΄µ¶·ΈΉΊ»Ό½ΎΏ' +
      'ΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡÒΣΤΥΦΧΨΩΪΫάέήίΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώÿ',
  },
  {
    name: 'windows-1254',
    sloppy: true,
    upper:
      '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8d\x8e\x8f\x90‘’“”•–—˜™š›œ\x9d\x9eŸ\xa0¡¢£¤¥¦§¨©ª«¬\xad®¯°±²³´µ¶·¸¹º»¼½¾¿' +
      'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏĞÑÒÓÔÕÖ×ØÙÚÛÜİŞßàáâãäåæçèéêëìíîïğñòóôõö÷øùúûüışÿ',
  },
  {
    name: 'windows-1257',
    sloppy: true,
    upper:
      '€\x81‚\x83„…†‡\x88‰\x8a‹\x8c¨ˇ¸\x90‘’“”•–—\x98™\x9a›\x9c¯˛\x9f\xa0¡¢£¤¥¦§Ø©Ŗ«¬\xad®Æ°±²³´µ¶·ø¹ŗ»¼½¾æ' +
      'ĄĮĀĆÄÅĘĒČÉŹĖĢĶĪĻŠŃŅÓŌÕÖ×ŲŁŚŪÜŻŽßąįāćäåęēčéźėģķīļšńņóōõö÷ųłśūüżž˙',
  },
  {
    name: 'iso-8859-2',
    sloppy: false,
    upper:
      range(0x80, 0xa1) +
      'Ą˘Ł¤ĽŚ§¨ŠŞŤŹ\xadŽŻ°ą˛ł´ľśˇ¸šşťź˝žż' +
      'ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙',
  },
  {
    name: 'macroman',
    sloppy: false,
    upper:
      'ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø' +
      '¿¡¬√ƒ≈∆«»…\xa0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uf8ffÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ',
  },
  {
    name: 'cp437',
    sloppy: false,
    upper:
      'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
      '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\xa0',
  },
]

const encoders = new Map<CodePage, Map<string, string>>()

function encoder(page: CodePage): Map<string, string> {
  let table = encoders.get(page)
  if (!table) {
    table = new Map()
    for (let byte = 0; byte < 0x80; byte++) table.set(String.fromCharCode(byte), String.fromCharCode(byte))
    for (let i = 0; i < 0x80; i++) table.set(page.upper[i]!, String.fromCharCode(0x80 + i))
    if (page.sloppy) {
      table.delete('\x1a')
      table.set('\ufffd', '\x1a')
    }
    encoders.set(page, table)
  }
  return table
}

/** `text` encoded in a code page; undefined if a character is not in it. */
export function encodeIn(page: CodePage, text: string): string | undefined {
  const table = encoder(page)
  let bytes = ''
  for (let i = 0; i < text.length; i++) {
    const byte = table.get(text[i]!)
    if (byte === undefined) return undefined
    bytes += byte
  }
  return bytes
}
