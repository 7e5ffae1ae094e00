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
  'in octal escapes': bytes((hex) => `\\${parseInt(hex, 16).toString(8).padStart(3, '0')}`),
  'in \\x escapes of bytes': bytes((hex) => `\\x${hex}`),
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

const listOf =
  (between: string, encode: (byte: number) => string): Encode =>
  (text) =>
    Array.from(Buffer.from(text), encode).join(between);
const zerosOff = (whole: Buffer): string => whole.toString('hex').replaceAll(/^00|00$/g, '');
/** Whole digits of base64. */
const certain = (whole: Buffer): string => whole.toString('base64').slice(0, Math.floor((8 * whole.length) / 6));

/** How programs write the bytes of a text. What of it belongs to the neighbours as well is left out. */
export const BYTES: Readonly<Record<string, Encode>> = {
  'in hex': bytes((hex) => hex),
  'in hex, in capitals': bytes((hex) => hex.toUpperCase()),
  'in hex of both cases': (text) =>
    bytes((hex) => hex)(text).replaceAll(/[a-f]/g, (digit, at: number) => (at % 3 === 0 ? digit.toUpperCase() : digit)),
  'in hex of UTF-16': (text) => zerosOff(Buffer.from(text, 'utf16le')),
  'in hex of UTF-16, big end first': (text) => zerosOff(Buffer.from(text, 'utf16le').swap16()),
  'in base64 of UTF-16': (text) => certain(Buffer.from(text, 'utf16le')),
  'in base64 of Latin-1': (text) => certain(Buffer.from(text, 'latin1')),
  'in hex of base64': (text) => Buffer.from(base64('')(text)).toString('hex'),
  'in base64': base64(''),
  'in base64 for URLs': (text) => base64('')(text).replaceAll('+', '-').replaceAll('/', '_'),
  'in base64 behind a user': base64('ada:'),
  'in base64 behind another': base64('bob1:'),
};

/** The same with something between the bytes. */
export const LISTS: Readonly<Record<string, Encode>> = {
  'in hex with colons': listOf(':', (byte) => byte.toString(16).padStart(2, '0')),
  'in hex with blanks, in capitals': listOf(' ', (byte) => byte.toString(16).padStart(2, '0').toUpperCase()),
  'in hex with dashes': listOf('-', (byte) => byte.toString(16).padStart(2, '0')),
  'in hex as C has it': listOf(', ', (byte) => `0x${byte.toString(16).padStart(2, '0')}`),
  'in hex by twos': (text) =>
    Buffer.from(text)
      .toString('hex')
      .replaceAll(/.{4}(?=.)/g, '$& '),
  'in a list of bytes': listOf(',', String),
  'in a list of bytes over lines': listOf(',\n    ', String),
  'in a list of bytes with blanks': listOf(' ', String),
};
