import { createConnectorError, normalizeError, socketError, UpstreamError } from '@automate/sdk';
import type { ConnectorError } from '@automate/sdk';

/** What was asked, and of whom. */
export interface Asked {
  /** As the subject of a sentence: `GetObject of "photos/cat.jpg"`. */
  readonly what: string;
  /** The endpoint, for messages. */
  readonly endpoint: string;
  /** The region that the request was signed for. */
  readonly region: string;
}

/** The connector error for a request that brought no answer. */
export function networkError(thrown: unknown, { what, endpoint }: Asked): ConnectorError {
  const { code } = (thrown ?? {}) as { readonly code?: unknown };
  if (typeof code === 'string' && code.startsWith('HPE_')) {
    return new UpstreamError(`${what}: what ${endpoint} answered is not HTTP (${code}); is the port right?`, {
      retryable: false,
      details: { reason: 'bad_http' },
      cause: thrown,
    });
  }
  const known = normalizeError(thrown);
  const failed =
    known.code === 'TIMEOUT' ? undefined : socketError(thrown, { server: endpoint, effect: 'maybe', what });
  return (
    failed ??
    createConnectorError(known.code, `${what}: ${known.message}`, {
      effect: known.effect,
      details: known.details,
      cause: thrown,
    })
  );
}
