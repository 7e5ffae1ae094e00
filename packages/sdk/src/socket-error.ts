import type { ConnectorErrorOptions, Effect } from '@automate/contract';
import { AuthFailedError, ConfigInvalidError, ConnectorError, TransientNetworkError } from '@automate/contract';
import type { NetworkFault } from './network-fault.ts';
import { faultOf, networkCodeOf, networkReason } from './network-fault.ts';
import { normalizeError } from './normalize-error.ts';
import { policyRefusal } from './policy-refusal.ts';

type TlsFault = Exclude<NetworkFault, 'refused' | 'dns' | 'unreachable'>;

/** What is known of a connection that failed. */
export interface FailedConnection {
  /** The server with its address, for messages: `the database at db.internal:5432`. */
  readonly server: string;
  /** Whether the server may have acted, if there was a connection already. */
  readonly effect: Effect;
  /** What was tried, for messages: `GetObject of "cat.jpg"`. Default: nothing is said of it. */
  readonly what?: string;
  /** Whether TLS was agreed on already. Default: as the error says itself. */
  readonly secured?: boolean;
}

/**
 * The connector error for a socket or a TLS handshake that failed, for kinds that speak their own protocol. Says what the
 * operator can do; `details.reason` is the one that `http` gives to the same fault (`econnrefused`, `tls_certificate`, …),
 * and the effect is `none` wherever the connection never came to be. A `ConnectorError` stays as it is.
 *
 * @returns undefined where it was not the network: look at the error yourself, or leave it to `normalizeError`.
 */
export function socketError(thrown: unknown, failed: FailedConnection): ConnectorError | undefined {
  if (ConnectorError.is(thrown)) return thrown;
  const never = connectionError(thrown, failed);
  if (never !== undefined) return never;
  const code = networkCodeOf(thrown);
  if (code === '') return undefined;
  const known = normalizeError(thrown);
  if (known.code !== 'TRANSIENT_NETWORK' && known.code !== 'TIMEOUT') return undefined;
  return new TransientNetworkError(`${startOf(failed)}the connection to ${failed.server} broke (${code})`, {
    effect: failed.effect,
    details: { reason: networkReason(code) },
    cause: thrown,
  });
}

/** The connector error for a server that could not, or must not, be reached or be trusted; undefined for all else. */
export function connectionError(thrown: unknown, failed: FailedConnection): ConnectorError | undefined {
  const refusal = policyRefusal(thrown);
  if (refusal !== undefined) return refusal;
  const code = networkCodeOf(thrown);
  const { server, effect } = failed;
  const start = startOf(failed);
  const never: ConnectorErrorOptions = { effect: 'none', details: { reason: networkReason(code) }, cause: thrown };
  const fault = faultOf(code);
  switch (fault) {
    case 'refused':
      return new TransientNetworkError(
        `${start}${server} refused the connection; is it running and the port right?`,
        never,
      );
    case 'dns':
      return new TransientNetworkError(
        `${start}${lookedUpName(thrown, server)} does not resolve (${code}); the operator should check host and DNS`,
        { ...never, blame: 'operator' },
      );
    case 'unreachable':
      return new TransientNetworkError(`${start}${server} cannot be reached (${code})`, {
        ...never,
        effect: wasOpen(thrown) ? effect : 'none',
      });
    case undefined:
      return undefined;
    default:
      return tlsError(fault, thrown, failed);
  }
}

function tlsError(fault: TlsFault, thrown: unknown, failed: FailedConnection): ConnectorError {
  const { server, effect, secured = false } = failed;
  const start = startOf(failed);
  const code = networkCodeOf(thrown);
  // Waiting does not make certificates right.
  const final: ConnectorErrorOptions = { effect: 'none', retryable: false, cause: thrown };
  switch (fault) {
    case 'certificate_refused':
      return new AuthFailedError(
        `${start}${server} did not accept our client certificate (${code}); the operator must check tls.cert_file and tls.key_file`,
        { ...final, details: { reason: 'client_certificate_refused', tls: code } },
      );
    case 'tls_files':
      return new ConfigInvalidError(`${start}the files under tls cannot be used (${code}); the operator must act`, {
        ...final,
        details: { reason: 'tls', tls: code },
      });
    case 'certificate':
      return new TransientNetworkError(
        `${start}the certificate of ${server} is not trusted${messageSuffix(thrown)} (${code}); the operator must set tls.ca_file or tls.server_name, or have the certificate renewed`,
        { ...final, blame: 'operator', details: { reason: 'tls_certificate', tls: code } },
      );
    default:
      // Records can be spoilt long after the handshake.
      if (secured || /RECORD|DECRYPT/.test(code))
        return new TransientNetworkError(`${start}what came from ${server} over TLS was spoilt on the way (${code})`, {
          effect,
          details: { reason: 'tls', tls: code },
          cause: thrown,
        });
      return new TransientNetworkError(`${start}TLS with ${server} failed (${code}); does it speak TLS on this port?`, {
        ...final,
        details: { reason: 'tls', tls: code },
      });
  }
}

function startOf({ what }: Pick<FailedConnection, 'what'>): string {
  return what === undefined ? '' : `${what}: `;
}

/** A route can also go away under a connection. */
function wasOpen(thrown: unknown): boolean {
  const { syscall } = (thrown ?? {}) as { readonly syscall?: unknown };
  return syscall === 'read' || syscall === 'write';
}

/** The name that was looked up, as the resolver says it. */
function lookedUpName(thrown: unknown, server: string): string {
  const { hostname } = (thrown ?? {}) as { readonly hostname?: unknown };
  return typeof hostname === 'string' ? `the name "${hostname}"` : `the name in ${server}`;
}

function messageSuffix(thrown: unknown): string {
  const { message } = (thrown ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' && message !== '' ? `: ${message}` : '';
}
