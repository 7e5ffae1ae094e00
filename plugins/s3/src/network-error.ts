import {
  AuthFailedError,
  ConfigInvalidError,
  createConnectorError,
  normalizeError,
  TransientNetworkError,
  UpstreamError,
} from '@automate/sdk';
import type { ConnectorError } from '@automate/sdk';

/** What was asked, and of whom. */
export interface Asked {
  /** As the subject of a sentence: `GetObject of "photos/cat.jpg"`. */
  readonly what: string;
  /** The endpoint, for messages. */
  readonly endpoint: string;
}

/** Faults that are found in the other side's certificate. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|HOSTNAME_MISMATCH/;
/** Alerts by which the other side refuses ours. */
const CERTIFICATE_REFUSED =
  /ALERT_(BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)/;

/** The connector error for a request that brought no answer. */
export function networkError(thrown: unknown, { what, endpoint }: Asked): ConnectorError {
  const code = codeOf(thrown);
  const said = `${what}: ${messageOf(thrown)}${code === '' ? '' : ` (${code})`}`;
  const final = { retryable: false, effect: 'none', cause: thrown } as const;
  if (CERTIFICATE_REFUSED.test(code)) {
    return new AuthFailedError(
      `${what}: ${endpoint} did not accept our client certificate (${code}); the operator must check tls.cert_file and tls.key_file`,
      { ...final, details: { reason: 'client_certificate_refused' } },
    );
  }
  if (/^ERR_OSSL|KEY_VALUES_MISMATCH/.test(code)) {
    return new ConfigInvalidError(`${what}: the files under tls cannot be used (${code}); the operator must act`, {
      ...final,
      details: { reason: 'tls' },
    });
  }
  if (CERTIFICATE.test(code)) {
    return new TransientNetworkError(
      `${said}; the certificate of ${endpoint} is not trusted: the operator must set tls.ca_file or tls.server_name, or have it renewed`,
      { ...final, details: { reason: 'tls_certificate' } },
    );
  }
  if (/^(ERR_SSL|ERR_TLS|EPROTO)/.test(code)) {
    return new TransientNetworkError(`${said}; does ${endpoint} speak TLS on this port?`, {
      ...final,
      details: { reason: 'tls' },
    });
  }
  if (code.startsWith('HPE_')) {
    return new UpstreamError(`${said}; what ${endpoint} answered is not HTTP: is the port right?`, {
      retryable: false,
      details: { reason: 'bad_http' },
      cause: thrown,
    });
  }
  const known = normalizeError(
    code === '' ? thrown : { code, message: `${said}; is ${endpoint} running and reachable?` },
  );
  return createConnectorError(known.code, code === '' ? said : known.message, {
    effect: known.effect,
    details: known.details,
    cause: thrown,
  });
}

/** Node tries all addresses of a name and then gives one error for all. */
function codeOf(thrown: unknown): string {
  const { code, errors } = (thrown ?? {}) as { readonly code?: unknown; readonly errors?: unknown };
  if (typeof code === 'string') return code;
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : '';
}

function messageOf(thrown: unknown): string {
  const { message } = (thrown ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' && message !== '' ? message : 'the request failed';
}
