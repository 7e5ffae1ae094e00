import type { ErrorReason, JsonValue } from '@automate/contract';
import { UpstreamError } from '@automate/contract';
import type { HttpResponse } from '../http-client.ts';
import { decodeText } from './charset.ts';
import type { Answer } from './exchange.ts';
import { parseExact } from './parse-exact.ts';

/** An answer as adapters see it. `what` names the request in errors. */
export function responseOf(
  what: string,
  url: URL,
  { status, headers, headersDistinct, body }: Omit<Answer, 'statusText'>,
): HttpResponse {
  const text = (): string => {
    const decoded = decodeText(body, headers['content-type']);
    if ('text' in decoded) return decoded.text;
    throw unusable(what, status, { found: decoded.fault, reason: 'bad_charset' });
  };
  return { status, url: url.href, headers, headersDistinct, body, text, json: () => parseBody(what, status, text()) };
}

function parseBody(what: string, status: number, text: string): JsonValue {
  try {
    return parseExact(text);
  } catch (cause) {
    // The parser's own message quotes the body, which may hold a secret.
    const found = text.trim() === '' ? 'an empty body' : `${text.length} characters that are not JSON`;
    // Whoever asked may be able to ask for less; that it is JSON nobody denies.
    const deep = (cause as Error).name === 'RangeError' ? 'JSON that is nested too deep to be read' : undefined;
    throw unusable(what, status, { found: deep ?? `${found} where JSON was expected`, reason: 'bad_json', cause });
  }
}

function unusable(
  what: string,
  status: number,
  { found, reason, cause }: { readonly found: string; readonly reason: ErrorReason; readonly cause?: unknown },
): UpstreamError {
  return new UpstreamError(`${what} answered ${status} with ${found}`, {
    retryable: false,
    details: { status, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}
