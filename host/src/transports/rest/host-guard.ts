import type { IncomingMessage } from 'node:http';
import { InvalidInputError } from '@automate/contract';
import { HttpFailure } from './http-failure.ts';

const HOST_HEADER = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/;
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'] as const;

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/**
 * What a request must satisfy before anything else looks at it; the failure, or undefined.
 *
 * A page in a browser on this machine can send requests here, and by DNS rebinding can even read the answers. It cannot
 * choose the `Host` header, which then names its own domain, and it cannot hide its origin when it changes anything.
 */
export function createHostGuard(bound: string): (request: IncomingMessage) => HttpFailure | undefined {
  const names = new Set<string>([...LOOPBACK_NAMES, bound.includes(':') ? `[${bound}]` : bound]);
  const isAllowed = (header: string): boolean => names.has(HOST_HEADER.exec(header.toLowerCase())?.[1] ?? '');
  // Nearly every request of a client bears the same header: reading it once is enough.
  let lastAllowed: string | undefined;
  return (request) => {
    const { host, origin } = request.headers;
    if (host === undefined || (host !== lastAllowed && !isAllowed(host))) {
      return refuse('Host', host, `the address of this service, such as "${names.values().next().value}"`);
    }
    lastAllowed = host;
    if (origin !== undefined && request.method !== 'GET' && request.method !== 'HEAD' && origin !== `http://${host}`) {
      return refuse('Origin', origin, 'a page of this service itself, or no browser at all');
    }
    return undefined;
  };
}

function refuse(header: string, received: string | undefined, expected: string): HttpFailure {
  const shown = received === undefined ? 'nothing' : JSON.stringify(received.slice(0, 100));
  return new HttpFailure(
    403,
    new InvalidInputError(`the ${header} header of this request is not accepted`, {
      details: { reason: `${header.toLowerCase()}_not_allowed` },
      problems: [{ path: `header ${header}`, expected, received: shown }],
    }),
  );
}
