import { unescapeFully } from './unescape.ts';

/** Shortest text that is looked for: anything shorter stands in innocent words too often. */
export const MIN_SECRET_LENGTH = 6;

/** From how many characters on a line of a secret is a secret by itself; a line with blanks, as configuration has them, needs more. */
const MIN_LINE_LENGTH = 8;
const MIN_WORDY_LINE_LENGTH = 24;

/**
 * The texts to look for, so that a secret is found wherever escapes are undone by `unescape` and bytes are shown by
 * `shownBytes`: as it is, each of its lines, composed and decomposed, read as Latin-1, and in base64 wherever in the
 * encoded bytes it begins, so that `user:password` in a Basic header is found by the password.
 */
export function secretForms(value: string): readonly string[] {
  if (value.length < MIN_SECRET_LENGTH) return [];
  const lines = linesOf(value);
  const ends =
    lines.length === 0 ? [value] : [value, value.replaceAll(/\r?\n/g, '\n'), value.replaceAll(/\r?\n/g, '\r\n')];
  const wholes = ends.flatMap((text) => [text, text.normalize('NFC'), text.normalize('NFD')]);
  const plain = [...wholes, ...lines, ...joined(value), ...urlParts(value), ...inOneCase(value)];
  const forms = [
    ...plain.flatMap((text) => [text, text.replaceAll(' ', '+'), ...misread(text)]),
    ...wholes.flatMap(base64Forms),
  ];
  return [...new Set(forms.flatMap((form) => [form, unescapeFully(form)]))].filter(
    (form) => form.length >= MIN_SECRET_LENGTH,
  );
}

/** The lines of a text of several that are secret in themselves: what frames a key, and what is too short, stands elsewhere too. */
function linesOf(value: string): readonly string[] {
  const lines = value.split(/\r?\n|\r/).map((line) => line.trim());
  if (lines.length === 1) return [];
  return lines.filter(
    (line) => !line.startsWith('-----') && line.length >= (/\s/.test(line) ? MIN_WORDY_LINE_LENGTH : MIN_LINE_LENGTH),
  );
}

/** The body of each key in PEM, in one line. */
function joined(value: string): readonly string[] {
  return value
    .matchAll(/-----BEGIN [^-]+-----(?<body>[^-]+)-----END /g)
    .map(({ groups }) => groups?.['body']?.replaceAll(/\s+/g, '') ?? '')
    .toArray();
}

/** From so many characters on, a part of a URL's path is a token rather than a word. */
const MIN_SEGMENT_LENGTH = 16;

/** What is secret in a URL that is: the password, tokens of its path as those of webhooks, values of its query. */
function urlParts(value: string): readonly string[] {
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? URL.parse(value) : null;
  if (url === null) return [];
  const segments = url.pathname.split('/').filter((segment) => segment.length >= MIN_SEGMENT_LENGTH);
  const values = [...url.searchParams.values()].filter(({ length }) => length >= MIN_LINE_LENGTH);
  return [url.password, unescapeFully(url.password), ...segments, ...values];
}

/** A secret of so many letters and digits is no word in capitals or small letters either. */
const MIN_LENGTH_IN_ONE_CASE = 12;

function inOneCase(value: string): readonly string[] {
  const isWord = value.length < MIN_LENGTH_IN_ONE_CASE || !/\d/.test(value) || !/[A-Za-z]/.test(value);
  return isWord ? [] : [value.toLowerCase(), value.toUpperCase()];
}

/** The bytes of UTF-8 and UTF-16, zeros left out, where they are not those of Latin-1. */
function misread(value: string): readonly string[] {
  if (/^[ -~]*$/.test(value)) return [];
  const wide = Buffer.from(value, 'utf16le');
  return [Buffer.from(value), wide, Buffer.from(wide).swap16()].map((bytes) =>
    bytes.toString('latin1').replaceAll('\0', ''),
  );
}

/** In base64, also of what goes into a Basic header, where credentials of OAuth 2 clients are form-encoded, and of JSON. */
function base64Forms(value: string): readonly string[] {
  const form = new URLSearchParams([['', value]]).toString().slice(1);
  const texts = [value, form, JSON.stringify(value).slice(1, -1)];
  const wide = Buffer.from(value, 'utf16le');
  const bytes = [...texts.map((text) => Buffer.from(text)), wide, Buffer.from(wide).swap16()];
  if (/^[\0-\xff]*$/.test(value)) bytes.push(Buffer.from(value, 'latin1'));
  return bytes.flatMap(base64OfBytes);
}

function base64OfBytes(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    // Characters at both ends hold bits of the neighbours, which nobody knows.
    const start = Math.ceil((shift * 8) / 6);
    const end = Math.floor(((shift + bytes.length) * 8) / 6);
    const known = text.slice(start, end);
    return [known, known.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
