import type { Blame, ErrorReason } from '@automate/contract';
import { UpstreamError } from '@automate/contract';
import type { Answer } from './exchange.ts';
import { SAFE_METHODS } from './safe-methods.ts';
import { showUrl } from './target.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What may be said to another origin than the one it was meant for; any other header may be a credential. */
const HARMLESS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-type',
  'range',
  'user-agent',
]);

/** One request of those that a request with redirects consists of. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  /** Whether it goes to the connector's own endpoint, over its own connections. */
  readonly own: boolean;
  /** Whether the connector's `auth` goes along. */
  readonly authorize: boolean;
  /** How many redirects led here. */
  readonly count: number;
  /** Whether an earlier hop may have changed something. */
  readonly acted: boolean;
}

interface Refusal {
  readonly why: string;
  readonly reason: ErrorReason;
  readonly blame: Blame;
}

const NO_ADDRESS: Refusal = {
  why: 'only plain HTTP addresses are followed',
  reason: 'redirect_refused',
  blame: 'remote',
};

/** Where an answer leads to; undefined where it leads nowhere. Throws UpstreamError for a redirect that is not followed. */
export function nextHop(hop: Hop, answer: Answer, anyOrigin: boolean): Hop | undefined {
  const location = answer.headers['location'];
  if (!REDIRECTS.has(answer.status) || location === undefined) return undefined;
  // Headers arrive byte by byte; who writes other letters than ASCII means UTF-8.
  const url = URL.parse(Buffer.from(location, 'latin1').toString(), hop.url.href);
  const refusal = whyNot(hop, answer.status, url, anyOrigin);
  if (refusal !== undefined || url === null) {
    const where = url === null ? 'an address that cannot be read' : showUrl(url);
    const { why, reason, blame } = refusal ?? NO_ADDRESS;
    throw new UpstreamError(`${hop.method} ${showUrl(hop.url)} was redirected (${answer.status}) to ${where}; ${why}`, {
      retryable: false,
      blame,
      details: { status: answer.status, reason },
    });
  }
  url.hash = '';
  const crossed = url.origin !== hop.url.origin;
  const kept = crossed ? only(hop.headers, (name) => HARMLESS.has(name)) : hop.headers;
  const there = {
    url,
    own: hop.own && !crossed,
    authorize: hop.authorize && !crossed,
    count: hop.count + 1,
    acted: hop.acted,
  };
  if (answer.status !== 303 || SAFE_METHODS.has(hop.method))
    return { ...there, method: hop.method, headers: kept, body: hop.body };
  // The request was done, and its result is to be had there.
  const headers = only(kept, (name) => !name.startsWith('content-'));
  return { ...there, method: 'GET', headers, body: undefined, acted: true };
}

function whyNot(hop: Hop, status: number, to: URL | null, anyOrigin: boolean): Refusal | undefined {
  if (to === null || (to.protocol !== 'http:' && to.protocol !== 'https:') || to.username !== '' || to.password !== '')
    return NO_ADDRESS;
  if (hop.method === 'POST' && (status === 301 || status === 302))
    return {
      why: 'whether a POST is to be repeated there, the status does not say',
      reason: 'redirect_not_followed',
      blame: 'remote',
    };
  if (to.origin !== hop.url.origin && !anyOrigin) {
    return {
      why: "another origin is never asked with this connector's credentials; the operator must check scheme, host and port",
      reason: 'redirect_refused',
      blame: 'operator',
    };
  }
  if (to.protocol === 'http:' && hop.url.protocol === 'https:')
    return { why: 'what was asked over TLS is not asked without', reason: 'redirect_refused', blame: 'remote' };
  return hop.count >= MAX_REDIRECTS
    ? { why: `that is one redirect too many after ${MAX_REDIRECTS}`, reason: 'redirect_loop', blame: 'remote' }
    : undefined;
}

function only(headers: Hop['headers'], keep: (name: string) => boolean): Hop['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => keep(name)));
}
