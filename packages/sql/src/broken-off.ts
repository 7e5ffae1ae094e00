import { TransientNetworkError, UpstreamError } from '@automate/sdk';
import type { ConnectorErrorOptions, Effect } from '@automate/sdk';
import type { Fault } from './dialect.ts';

/** The connection to a server broke. Not `retryable` where somebody ended it on purpose. */
export function brokenOff(server: string, effect: Effect, cause: unknown, retryable = true): Fault {
  const details = retryable ? { reason: 'connection_lost' } : { reason: 'canceled_by_server' };
  const message = `the connection to ${server} broke off`;
  return {
    error: new TransientNetworkError(message, { effect, retryable, details, cause }),
    session: 'broken',
  };
}

/** A server that is to be spoken to over TLS does not speak it. */
export function withoutTls(server: string, cause: unknown): Fault {
  const error = new TransientNetworkError(`${server} does not speak TLS; the operator must check tls`, {
    effect: 'none',
    blame: 'operator',
    details: { reason: 'tls' },
    cause,
  });
  return { error, session: 'broken' };
}

/** A server takes no changes any more, or was never meant for them. */
export function demoted(server: string, told: string, options: ConnectorErrorOptions): Fault {
  const error = new UpstreamError(
    `${server} takes no changes: ${told}; the operator should see which server is the primary`,
    { ...options, blame: 'operator', details: { ...options.details, reason: 'server_read_only' } },
  );
  return { error, session: 'demoted' };
}
