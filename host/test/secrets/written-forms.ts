export type Encode = (text: string) => string;
const each =
  (encode: (char: string) => string): Encode =>
  (text) =>
    Array.from(text, encode).join('');
const units =
  (encode: (code: string) => string): Encode =>
  (text) =>
    text
      .split('')
      .map((unit) => encode(unit.charCodeAt(0).toString(16)))
      .join('');
const bytes =
  (encode: (hex: string) => string): Encode =>
  (text) =>
    Array.from(Buffer.from(text), (byte) => encode(byte.toString(16).padStart(2, '0'))).join('');
const NAMED: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
  '/': 'sol',
  '+': 'plus',
  ü: 'uuml',
};
export const json: Encode = (text) => JSON.stringify(text).slice(1, -1);

/** How programs write a text so that it can stand within another. */
export const ESCAPES: Readonly<Record<string, Encode>> = {
  'as JSON': json,
  'as JSON with slashes escaped': (text) => json(text).replaceAll('/', '\\/'),
  'as JSON for HTML': (text) =>
    json(text).replaceAll(/[<>&'+]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'as JSON in ASCII': (text) =>
    json(text).replaceAll(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`),
  'as \\u escapes': units((code) => `\\u${code.padStart(4, '0')}`),
  'as \\x escapes': each((char) =>
    char.charCodeAt(0) < 256 ? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}` : char,
  ),
  'in an URL': (text) => encodeURIComponent(text.toWellFormed()),
  'in an URL, in small letters': (text) =>
    encodeURIComponent(text.toWellFormed()).replaceAll(/%../g, (code) => code.toLowerCase()),
  'in a form': (text) => new URLSearchParams({ q: text }).toString().slice(2),
  'in percent signs from end to end': bytes((hex) => `%${hex.toUpperCase()}`),
  'in HTML': each((char) => (NAMED[char] === undefined ? char : `&${NAMED[char]};`)),
  'in HTML by number': each((char) => (/[a-z0-9]/i.test(char) ? char : `&#${char.codePointAt(0)};`)),
  'in HTML by hexadecimal number': each((char) => `&#x${char.codePointAt(0)?.toString(16).toUpperCase()};`),
};
/** What is certain of a secret that stands behind other bytes. */
export const base64 =
  (before: string): Encode =>
  (text) => {
    const bits = 8 * Buffer.byteLength(before);
    const end = Math.floor((bits + 8 * Buffer.byteLength(text)) / 6);
    return Buffer.from(before + text)
      .toString('base64')
      .slice(Math.ceil(bits / 6), end);
  };

/** How programs write the bytes of a text. What of it belongs to the neighbours as well is left out. */
export const BYTES: Readonly<Record<string, Encode>> = {
  'in hex': bytes((hex) => hex),
  'in hex, in capitals': bytes((hex) => hex.toUpperCase()),
  'in base64': base64(''),
  'in base64 for URLs': (text) => base64('')(text).replaceAll('+', '-').replaceAll('/', '_'),
  'in base64 behind a user': base64('ada:'),
  'in base64 behind another': base64('bob1:'),
};
