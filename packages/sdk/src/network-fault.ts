import type { ErrorReason } from '@automate/contract';

/** Why a connection never came to be. */
export type NetworkFault =
  | 'refused'
  | 'dns'
  | 'unreachable'
  /** The other side refused our certificate. */
  | 'certificate_refused'
  /** Our files cannot be used: nothing was sent. */
  | 'tls_files'
  /** The other side's certificate is not trusted. */
  | 'certificate'
  | 'tls';

/** Codes of Node and of OpenSSL. The first that fits: alerts of refusal name certificates too. */
const FAULTS: readonly (readonly [RegExp, NetworkFault])[] = [
  [/^ECONNREFUSED$/, 'refused'],
  [/^(ENOTFOUND$|EAI_)/, 'dns'],
  [/^(EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|EACCES|EPERM)$/, 'unreachable'],
  [
    /ALERT_(BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|NO_CERTIFICATE|ACCESS_DENIED|HANDSHAKE_FAILURE)/,
    'certificate_refused',
  ],
  [/^ERR_OSSL|PEM|KEY_VALUES_MISMATCH/, 'tls_files'],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|HOSTNAME_MISMATCH|^(INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED)$/,
    'certificate',
  ],
  [/^(ERR_SSL|ERR_TLS|EPROTO)/, 'tls'],
];

/** What a network code says of a connection; undefined where there was one, or the code is none of the network's. */
export function faultOf(code: string): NetworkFault | undefined {
  return FAULTS.find(([pattern]) => pattern.test(code))?.[1];
}

/** The code of an error of Node's, empty without one. Node tries all addresses of a name and gives one error for all. */
export function networkCodeOf(thrown: unknown): string {
  const { code, errors } = (thrown ?? {}) as { readonly code?: unknown; readonly errors?: unknown };
  if (typeof code === 'string') return code;
  return Array.isArray(errors) && errors.length > 0 ? networkCodeOf(errors[0]) : '';
}

/** A code of the operating system or of TLS as a reason: such words stand for themselves, and are in no table. */
export function networkReason(code: string): ErrorReason {
  return code.toLowerCase() as ErrorReason;
}
