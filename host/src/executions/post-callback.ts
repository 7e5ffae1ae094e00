import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';

/** How long a receiver may take for everything, in milliseconds. */
const PATIENCE_MS = 10_000;

/** What a connection would be to: one of the addresses of a name. */
export interface CallbackTarget {
  readonly host: string;
  readonly address: string;
  readonly port: number;
}

export interface PostedCallback {
  readonly url: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Why nothing is to be sent there; undefined where it may. */
  refuses(target: CallbackTarget): string | undefined;
  readonly signal: AbortSignal;
}

/** Posts it, to the very addresses that were judged. Follows no redirect. Gives why it was not taken; undefined where it was. */
export function postCallback({ url, body, headers, refuses, signal }: PostedCallback): Promise<string | undefined> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isSecure = url.protocol === 'https:';
  const port = Number(url.port === '' ? (isSecure ? 443 : 80) : url.port);
  const judged = (addresses: readonly LookupAddress[]): Error | undefined => {
    const why = addresses.map(({ address }) => refuses({ host, address, port })).find((each) => each !== undefined);
    return why === undefined ? undefined : new Error(why);
  };
  if (isIP(host) !== 0) {
    const refusal = judged([{ address: host, family: isIP(host) }]);
    if (refusal !== undefined) return Promise.resolve(refusal.message);
  }
  const over = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  return new Promise((resolve) => {
    const request = (isSecure ? requestHttps : requestHttp)(url, {
      method: 'POST',
      // A connection of its own, as those of others were judged for them.
      agent: false,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      signal: over,
      lookup(name: string, options: LookupOptions, found) {
        // A name of which one address is denied is not used at all.
        lookup(name, { ...options, all: true }, (error, addresses) => {
          const [first] = addresses ?? [];
          const fault =
            error ?? judged(addresses) ?? (first === undefined ? new Error(`${name} has no address`) : null);
          if (options.all === true) found(fault, addresses);
          else found(fault, first?.address ?? '', first?.family);
        });
      },
    });
    request.on('error', (error) => {
      const isLate = over.aborted && !signal.aborted;
      resolve(isLate ? `no answer within ${PATIENCE_MS / 1000} seconds` : error.message || String(error));
    });
    request.on('response', (response) => {
      const { statusCode = 0 } = response;
      // What it says besides is nothing that anybody reads.
      response.destroy();
      if (statusCode >= 200 && statusCode < 300) return resolve(undefined);
      const isRedirect = statusCode >= 300 && statusCode < 400;
      return resolve(`it answered ${statusCode}${isRedirect ? ', and redirects are not followed' : ''}`);
    });
    // Whoever answers in another protocol is cut off without an error.
    request.on('close', () => resolve('it ended the connection without an answer'));
    request.end(body);
  });
}
