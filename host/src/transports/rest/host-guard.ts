import type { IncomingMessage } from 'node:http';
import { InvalidInputError, quote } from '@automate/contract';
import { API_PREFIX } from '@automate/contract/http';
import { HttpFailure } from './http-failure.ts';

const HOST_HEADER = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/;
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'] as const;

/** What the API lies under, and the streams of agents; only requests there look at anything or change it. */
const OF_CALLERS = new RegExp(`^(?:${API_PREFIX}/|/mcp(?:\\?|$))`);

/**
 * What a request must satisfy before anything else looks at it; the failure, or undefined.
 *
 * A page in a browser on this machine can send requests here, and by DNS rebinding can even read the answers. It cannot
 * choose the `Host` header, which then names its own domain, and it cannot hide where it comes from: browsers say so in
 * `Origin` or `Sec-Fetch-Site`. A reading request is no exception, as some of them have a connector ask its remote system.
 *
 * @param behindTls whether a proxy may end TLS in front: pages of this service then come from https, by the same name
 */
export function createHostGuard(
  bound: string,
  {
    scheme = 'http',
    allowedHosts = [],
    behindTls = false,
  }: {
    readonly scheme?: 'http' | 'https';
    readonly allowedHosts?: readonly string[];
    readonly behindTls?: boolean;
  } = {},
): (request: IncomingMessage) => HttpFailure | undefined {
  const names = new Set<string>([...LOOPBACK_NAMES, hostOf(bound), ...allowedHosts]);
  // Nearly every request of a client bears the same header: reading it once is enough.
  let lastAllowed: string | undefined;
  const isAllowed = (header: string, { socket }: IncomingMessage): boolean => {
    if (header === lastAllowed) return true;
    const name = HOST_HEADER.exec(header.toLowerCase())?.[1];
    if (name === undefined) return false;
    if (names.has(name)) {
      lastAllowed = header;
      return true;
    }
    // Whoever names the address that this connection came to has it from no name that somebody else could point here.
    return name === hostOf(socket.localAddress?.replace(/^::ffff:/, '') ?? '');
  };
  const expected = `the address of this service, such as "${names.values().next().value}"`;
  return (request) => {
    const { host, origin, 'sec-fetch-site': site } = request.headers;
    if (request.httpVersionMajor !== 1)
      return malformed('version of HTTP', request.httpVersion, '1.1', VERSION_NOT_SUPPORTED);
    if (host === undefined && request.httpVersion !== '1.0') return malformed('header Host', 'none', 'one');
    if (host === undefined || !isAllowed(host, request)) return refuseHeader('Host', host, expected);
    const { url = '' } = request;
    if (!url.startsWith('/') && url !== '*') {
      const target = URL.parse(url);
      if (target?.protocol !== `${scheme}:` || !isAllowed(target.host, request))
        return malformed('request target', url, expected);
      request.url = `${target.pathname}${target.search}`;
    }
    if (countHosts(request) > 1) return malformed('header Host', 'several', 'one');
    const acts = (request.method !== 'GET' && request.method !== 'HEAD') || OF_CALLERS.test(request.url ?? '');
    if (!acts) return undefined;
    const isOwn = origin === `${scheme}://${host}` || (behindTls && origin === `https://${host}`);
    if (origin !== undefined && !isOwn) return refuseHeader('Origin', origin, OWN_PAGE);
    // A browser sends "none" for an address that its user typed.
    if (site === 'cross-site' || site === 'same-site') return refuseHeader('Sec-Fetch-Site', site, OWN_PAGE);
    return undefined;
  };
}

/** An address as the header has it. */
function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Whoever is known by a cookie and changes something has to say where it comes from, as each browser does; the guard has compared it. */
export function requireOrigin({ method, headers }: IncomingMessage): HttpFailure | undefined {
  const reads = method === 'GET' || method === 'HEAD';
  return reads || headers.origin !== undefined ? undefined : refuseHeader('Origin', undefined, OWN_PAGE);
}

const OWN_PAGE = 'a page of this service itself, or no browser at all';

/** Counts the headers `Host`: Node keeps the first, but a proxy before us may have used another. */
function countHosts({ rawHeaders }: IncomingMessage): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.length === 4 && rawHeaders[index]?.toLowerCase() === 'host') count += 1;
  return count;
}

const VERSION_NOT_SUPPORTED = 505;

function malformed(path: string, received: string, expected: string, status = 400): HttpFailure {
  const problems = [{ path, expected, received: quote(received.slice(0, 100)) }];
  return new HttpFailure(
    status,
    new InvalidInputError(`the ${path} of this request is not as it should be`, { problems }),
  );
}

function refuseHeader(header: string, received: string | undefined, expected: string): HttpFailure {
  const shown = received === undefined ? 'nothing' : quote(received.slice(0, 100));
  return new HttpFailure(
    403,
    new InvalidInputError(`the ${header} header of this request is not accepted`, {
      details: { reason: header === 'Host' ? 'host_not_allowed' : 'origin_not_allowed' },
      problems: [{ path: `header ${header}`, expected, received: shown }],
    }),
  );
}
