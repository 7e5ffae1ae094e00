import type { ConnectorError, ConnectorErrorOptions } from '@automate/contract';
import { UpstreamError } from '@automate/contract';
import { errorForStatus, parseRetryAfter } from '../normalize-error.ts';
import type { Answer } from './exchange.ts';

/** Most characters of an answer that an error quotes. */
const EXCERPT_LENGTH = 200;

const ADVICE: Readonly<Record<number, string>> = {
  401: "; the operator must check the connector's auth",
  403: "; the operator must give the connector's credentials the right to do this",
  407: "; the operator must check the proxy's credentials",
};

/** The connector error for an answer whose status the request did not accept. */
export function answerError(what: string, answer: Answer): ConnectorError {
  const { status, statusText, headers } = answer;
  const excerpt = excerptOf(answer);
  const said = excerpt === '' ? '' : `: ${excerpt}`;
  const message = `${what} answered ${status}${statusText === '' ? '' : ` ${statusText}`}${said}${ADVICE[status] ?? ''}`;
  const retryAfterMs = status === 429 || status === 503 ? parseRetryAfter(headers['retry-after']) : undefined;
  const options: ConnectorErrorOptions = {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    // "Not implemented" and "version not supported" will not pass by themselves.
    ...(status === 501 || status === 505 ? { retryable: false } : {}),
  };
  return (
    errorForStatus(status, message, options) ??
    new UpstreamError(`${message}; that is no answer this connector can use`, {
      retryable: false,
      details: { status, reason: 'unexpected_status' },
    })
  );
}

/** The beginning of an error's body, on one line. Pages for people are left out: they say nothing short. */
function excerptOf({ headers, body }: Answer): string {
  const type = headers['content-type'] ?? '';
  if (body.byteLength === 0 || !/json|text\/plain|xml|^$/.test(type) || /html/.test(type)) return '';
  const text = new TextDecoder()
    .decode(body)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH - 1)}…` : text;
}
