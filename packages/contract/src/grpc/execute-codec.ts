import type { ExecuteTextResult } from '../connector-service.ts';

const RESULT = (1 << 3) | 2;
const ATTEMPTS = 2 << 3;
const DURATION = 3 << 3;
const REPLAYED = 4 << 3;
const RESULT_DROPPED = 5 << 3;

/**
 * An ExecuteActionResponse in binary, straight from the result's text. Going through a message would copy the text three
 * times more, and buffers of that size are what a busy server's garbage is made of.
 */
export function encodeExecuteAnswer({
  result,
  attempts,
  durationMs,
  replayed,
  resultDropped = false,
}: Omit<ExecuteTextResult, 'resultDropped'> & { readonly resultDropped?: boolean }): Buffer {
  const length = Buffer.byteLength(result);
  const duration = Math.max(0, Math.round(durationMs));
  const size =
    field(length) + length + field(attempts) + field(duration) + (replayed ? 2 : 0) + (resultDropped ? 2 : 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  if (length > 0) {
    at = writeField(bytes, at, { tag: RESULT, value: length });
    at += bytes.write(result, at, length, 'utf8');
  }
  at = writeField(bytes, at, { tag: ATTEMPTS, value: attempts });
  at = writeField(bytes, at, { tag: DURATION, value: duration });
  at = writeField(bytes, at, { tag: REPLAYED, value: replayed ? 1 : 0 });
  writeField(bytes, at, { tag: RESULT_DROPPED, value: resultDropped ? 1 : 0 });
  return bytes;
}

/** Bytes of a tag and a number; what is 0 is left out. */
function field(value: number): number {
  if (value === 0) return 0;
  let size = 2;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

function writeField(
  bytes: Buffer,
  start: number,
  { tag, value }: { readonly tag: number; readonly value: number },
): number {
  if (value === 0) return start;
  let at = bytes.writeUInt8(tag, start);
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) at = bytes.writeUInt8((rest % 128) | 128, at);
  return bytes.writeUInt8(rest, at);
}
