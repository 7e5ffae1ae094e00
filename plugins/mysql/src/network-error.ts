import {
  AuthFailedError,
  ConfigInvalidError,
  ConnectorError,
  normalizeError,
  TransientNetworkError,
} from '@automate/sdk';
import type { Effect } from '@automate/sdk';

export interface NetworkContext {
  /** The server with its address, for messages. */
  readonly server: string;
  /** Whether the server may have acted, once there was a connection. */
  readonly effect: Effect;
}

const DNS = /^(ENOTFOUND|EAI_)/;
const UNREACHABLE = /^(EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL)$/;
/** Faults that OpenSSL finds in the server's certificate, and Node with its name. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|HOSTNAME_MISMATCH|^INVALID_(CA|PURPOSE)$/;
/** Alerts by which the server refuses ours. */
const CERTIFICATE_REFUSED = /ALERT_(BAD_CERTIFICATE|CERTIFICATE_|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)/;
/** What Node says of unusable files, before it sends anything. */
const TLS_FILES = /^ERR_OSSL_|PEM|KEY_VALUES_MISMATCH/;

/** The connector error for a connection that failed; undefined where it was not the network. */
export function networkError(error: unknown, { server, effect }: NetworkContext): ConnectorError | undefined {
  if (ConnectorError.is(error)) return error;
  const code = codeOf(error);
  if (code === '') return undefined;
  const never = { effect: 'none', details: { reason: code.toLowerCase() }, cause: error } as const;
  if (code === 'ECONNREFUSED')
    return new TransientNetworkError(`${server} refused the connection; is it running and the port right?`, never);
  if (DNS.test(code))
    return new TransientNetworkError(
      `the name in ${server} does not resolve (${code}); the operator should check host`,
      never,
    );
  if (UNREACHABLE.test(code)) return new TransientNetworkError(`${server} cannot be reached (${code})`, never);
  const tls = { ...never, details: { reason: 'tls', tls: code } };
  if (CERTIFICATE_REFUSED.test(code))
    return new AuthFailedError(
      `${server} did not accept our client certificate (${code}); the operator must check tls.cert_file`,
      tls,
    );
  if (TLS_FILES.test(code))
    return new ConfigInvalidError(`the files under tls cannot be used (${code}); the operator must act`, tls);
  if (CERTIFICATE.test(code))
    return new TransientNetworkError(
      `the certificate of ${server} is not trusted (${code}); the operator must set tls.ca_file or tls.server_name`,
      { ...never, details: { reason: 'tls_certificate', tls: code } },
    );
  if (/^(ERR_SSL|ERR_TLS|EPROTO)/.test(code))
    return new TransientNetworkError(`TLS with ${server} failed (${code}); does it speak TLS?`, tls);
  const known = normalizeError(error);
  if (known.code !== 'TRANSIENT_NETWORK' && known.code !== 'TIMEOUT') return undefined;
  return new TransientNetworkError(`the connection to ${server} broke (${code})`, { ...never, effect });
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code, errors } = error as { readonly code?: unknown; readonly errors?: readonly unknown[] };
  if (typeof code === 'string') return code;
  // One error for all addresses that were tried.
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : '';
}
