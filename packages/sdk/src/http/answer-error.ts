import type { ConnectorError, ConnectorErrorOptions } from '@automate/contract';
import { AuthFailedError, UpstreamError } from '@automate/contract';
import { decodeText } from './charset.ts';
import { isSaidByStatus } from '../exchange/is-said-by-status.ts';
import { errorForStatus, parseRetryAfter } from '../normalize-error.ts';
import type { Answer } from './exchange.ts';

/** Most characters of an answer that an error quotes. */
const EXCERPT_LENGTH = 200;

const ADVICE: Readonly<Record<number, string>> = {
  401: "; the operator must check the connector's auth",
  403: "; the operator must give the connector's credentials the right to do this",
  407: "; the operator must check the proxy's credentials",
};

const OF_PROXY: ReadonlySet<number> = new Set([401, 403, 407]);

/** The connector error for an answer whose status the request did not accept. */
export function answerError(what: string, answer: Answer): ConnectorError {
  const { status, statusText, headers, via } = answer;
  const excerpt = excerptOf(answer);
  const said = excerpt === '' ? '' : `: ${excerpt}`;
  // A proxy says the same, and not always the 407 of its own.
  const byProxy = via !== undefined && (OF_PROXY.has(status) || status >= 500);
  const who = byProxy ? `${what} (through ${via})` : what;
  const head = `${who} answered ${status}${statusText === '' ? '' : ` ${statusText}`}`;
  const advice = byProxy && status === 401 ? `${ADVICE[401]} and the proxy's credentials` : (ADVICE[status] ?? '');
  const message = `${head}${said}${advice}`;
  const retryAfterMs = status === 429 || status === 503 ? parseRetryAfter(headers['retry-after']) : undefined;
  const options: ConnectorErrorOptions = {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    // "Not implemented" and "version not supported" will not pass by themselves.
    ...(status === 501 || status === 505 ? { retryable: false } : {}),
  };
  if (status === 407) return new AuthFailedError(message, { details: { status, reason: 'proxy_refused' } });
  return (
    errorForStatus(status, message, options) ??
    new UpstreamError(`${message}; that is no answer this connector can use`, {
      retryable: false,
      details: { status, reason: 'unexpected_status' },
    })
  );
}

/**
 * Throws where a remote system that answers in JSON cannot be the one that answered: a refusal that something in front of
 * it may give too, without having asked it, in no JSON.
 */
export function assertOfService(what: string, answer: Answer): void {
  const { status, headers, body, fault } = answer;
  const isRefusal = status >= 400 && status < 500 && !isSaidByStatus(status);
  if (!isRefusal || body.byteLength === 0 || fault !== undefined || isJson(answer)) return;
  throw new UpstreamError(
    `${what} answered ${status} with no JSON (${headers['content-type'] ?? 'no content type'}), so that is not the service's own answer; the operator must check scheme, host, port and base_path`,
    { retryable: false, effect: 'none', blame: 'operator', details: { status, reason: 'not_the_service' } },
  );
}

function isJson({ headers, body }: Answer): boolean {
  const decoded = decodeText(body, headers['content-type']);
  try {
    return 'text' in decoded && typeof JSON.parse(decoded.text) === 'object';
  } catch {
    return false;
  }
}

/** The beginning of an error's body, on one line. Pages for people are left out: they say nothing short. */
function excerptOf({ headers, body }: Answer): string {
  const type = headers['content-type'] ?? '';
  if (body.byteLength === 0 || !/json|text\/plain|xml|^$/.test(type) || /html/.test(type)) return '';
  const decoded = decodeText(body, type);
  // Cut off in the middle of a character, or mistaken: what can be read of it helps all the same.
  const text = ('text' in decoded ? decoded.text : new TextDecoder().decode(body)).replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH - 1)}…` : text;
}
