/** What one encoded word holds at most, so that with its frame it is within the 75 characters of RFC 2047. */
const WORD_BYTES = 45;
const ENCODED_WORD = /=\?utf-8\?([bq])\?([^?]*)\?=/gi;
/** What a header gives back as it is. What looks like an encoded word would be read as one. */
const PLAIN = /^(?!.*=\?)[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/** A value of metadata as headers can hold it: beyond printable ASCII in the encoded words of RFC 2047, as S3 documents. */
export function encodeMetadata(value: string): string {
  if (PLAIN.test(value)) return value;
  const words: string[] = [];
  let word = '';
  for (const character of value) {
    if (Buffer.byteLength(word + character) > WORD_BYTES) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  return [...words, word].map((each) => `=?UTF-8?B?${Buffer.from(each).toString('base64')}?=`).join(' ');
}

/** The value that a header of metadata stands for. */
export function decodeMetadata(header: string): string {
  return decodeHeader(header)
    .replace(/(\?=)\s+(?==\?)/g, '$1')
    .replace(ENCODED_WORD, (_word, encoding: string, text: string) =>
      encoding.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString() : decodeQuoted(text),
    );
}

/** Some services send headers in UTF-8, of which Node gives one character per byte. */
export function decodeHeader(header: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(header, 'latin1'));
  } catch {
    return header;
  }
}

function decodeQuoted(text: string): string {
  const bytes = text
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_mark, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
