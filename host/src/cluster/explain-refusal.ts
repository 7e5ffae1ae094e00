import type { PeerCertificate } from 'node:tls';
import { UnavailableError } from '@automate/contract';

/** What TLS says of the certificate of another host. */
interface Refusal extends Error {
  readonly code?: string;
  /** The name that it was called by, and the certificate, where that is for others. */
  readonly host?: string;
  readonly cert?: PeerCertificate;
}

const UNTRUSTED: ReadonlySet<string | undefined> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
]);

/** Why another host is not called, as its certificate is not good, and who must do what; undefined where that is not why. */
export function explainRefusal(reason: Error | undefined, address: string): UnavailableError | undefined {
  const what = explain(reason, address);
  if (what === undefined) return undefined;
  return new UnavailableError(`calls are not passed on to the host at ${address}: ${what}`, {
    effect: 'none',
    retryable: false,
    blame: 'operator',
    details: { reason: 'tls_certificate', address },
    cause: reason,
  });
}

function explain(reason: Refusal | undefined, address: string): string | undefined {
  const code = reason?.code;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is for ${reason?.cert?.subjectaltname ?? 'no name'}, and not for ${reason?.host ?? address}: give that host one for this name in its TLS_CERT_FILE, or a name that its certificate has as its ADVERTISE_ADDRESS`;
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired: give that host a new one in its TLS_CERT_FILE';
  if (code === 'CERT_NOT_YET_VALID') return 'its certificate is not valid yet: look at the clocks of both machines';
  if (UNTRUSTED.has(code))
    return `its certificate was not issued by an authority that this host trusts (${code}): name the file of that authority in TLS_CLIENT_CA_FILE of this host, or in NODE_EXTRA_CA_CERTS, or give that host a certificate of an authority that all hosts trust`;
  return undefined;
}
