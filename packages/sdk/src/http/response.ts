import type { JsonValue } from '@automate/contract';
import { UpstreamError } from '@automate/contract';
import type { HttpResponse } from '../http-client.ts';
import type { Answer } from './exchange.ts';

/** An answer as adapters see it. `what` names the request in errors. */
export function responseOf(what: string, answer: Answer): HttpResponse {
  const { status, headers, body } = answer;
  const text = (): string => new TextDecoder().decode(body);
  return {
    status,
    headers,
    body,
    text,
    json: () => parseJson(what, status, text()),
  };
}

function parseJson(what: string, status: number, text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    // The parser's own message quotes the body, which may hold a secret.
    const found = text.trim() === '' ? 'an empty body' : `${text.length} characters that are not JSON`;
    throw new UpstreamError(`${what} answered ${status} with ${found} where JSON was expected`, {
      retryable: false,
      details: { status, reason: 'bad_json' },
      cause: error,
    });
  }
}
