/** Bytes of each kind of id. */
const BYTES = { trace: 16, span: 8 } as const;

/**
 * An id in hexadecimal digits: protobuf's own JSON has base64, and some senders drop zeros in front. Ids of traces have 32
 * digits, or 16 as older tracers made them.
 */
export function toHexId(kind: keyof typeof BYTES, id: string): string {
  const bytes = BYTES[kind];
  const letters = Math.ceil((bytes * 4) / 3);
  const isBase64 = id.replace(/=+$/, '').length === letters && !/^[0-9a-f]+$/i.test(id);
  const hex = isBase64 ? Buffer.from(id, 'base64').toString('hex') : id.toLowerCase();
  return hex.length <= 16 ? hex.padStart(16, '0') : hex.padStart(bytes * 2, '0');
}
