/** What a body begins with that says its own encoding, the longer marks first. */
const MARKS: readonly (readonly [string, readonly number[]])[] = [
  ['utf-32le', [0xff, 0xfe, 0, 0]],
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** A text, or why the bytes are none. */
export type Decoded = { readonly text: string } | { readonly fault: string };

/**
 * The text of a body: by its byte order mark, else by the charset of its content type, else as UTF-8. Bytes that do not
 * fit are a fault, never replaced.
 */
export function decodeText(body: Uint8Array, contentType: string | undefined): Decoded {
  const charset = charsetOf(body, contentType ?? '');
  const decoder = decoderOf(charset);
  if (decoder === undefined) return { fault: `text in the charset "${charset}", which cannot be read` };
  try {
    return { text: decoder.decode(body) };
  } catch {
    return { fault: `bytes that are not text in ${decoder.encoding}` };
  }
}

function decoderOf(charset: string) {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    return undefined;
  }
}

function charsetOf(body: Uint8Array, contentType: string): string {
  const marked = MARKS.find(([, mark]) => mark.every((byte, index) => body[index] === byte));
  if (marked !== undefined) return marked[0];
  const named = /;\s*charset\s*=\s*["']?([^\s;"']+)/i.exec(contentType)?.[1]?.toLowerCase();
  // Of two orders of bytes nobody has said which; what begins with an ASCII character shows it.
  if (named === 'utf-16')
    return body[0] === 0 ? 'utf-16be' : body[1] === 0 ? 'utf-16le' : 'utf-16 without a byte order mark';
  // Who says ASCII and sends more means UTF-8; the decoder's own table would make another alphabet of it.
  return named === undefined || named === 'us-ascii' || named === 'ascii' ? 'utf-8' : named;
}
