/** Bytes of the ids of OTLP. */
export const TRACE_ID_BYTES = 16;
export const SPAN_ID_BYTES = 8;

/**
 * An id as lower-case hexadecimal digits of its whole length. It may come so, without its leading zeros (64-bit trace ids
 * among them), or as base64, which is how protobuf's JSON has bytes. What is none of these is given as it is.
 */
export function toHexId(id: string, bytes: number): string {
  if (/^[0-9a-f]+$/i.test(id) && id.length <= 2 * bytes) return id.toLowerCase().padStart(2 * bytes, '0');
  const decoded = Buffer.from(id, 'base64');
  return decoded.length === bytes && /^[\w+/-]+={0,2}$/.test(id) ? decoded.toString('hex') : id;
}

/** Absent, empty and all zeros say that there is none. */
export function isNoId(id: string | null | undefined): id is '' | null | undefined {
  return id === undefined || id === null || /^(0*|A+=+)$/.test(id);
}
