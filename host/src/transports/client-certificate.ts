import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { LONGEST_TIMER_MS } from '@automate/contract';
import { revokedSerials } from './revoked-serials.ts';
import type { ShownCertificate } from './sign-in.ts';
import type { TlsMaterial } from './tls-files.ts';
import { readCertificates } from './tls-files.ts';

/** Where the front door writes on a connection what its other end showed; streams of HTTP/2 see it through their session. */
const SHOWN = Symbol('client certificate');

/** What OpenSSL finds wrong, in the caller's words. */
const FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired: renew it',
  CERT_NOT_YET_VALID: 'is not valid yet: look at the clocks',
  CERT_REVOKED: 'was revoked: ask for a new one',
  CRL_HAS_EXPIRED:
    "cannot be judged, as the service's list of revoked certificates has expired: its operator must renew TLS_CLIENT_CRL_FILE",
  UNABLE_TO_GET_CRL:
    'cannot be judged, as the service has no list of what its issuer revoked: its operator must add that to TLS_CLIENT_CRL_FILE',
  INVALID_PURPOSE: 'is not for clients: ask for one whose extendedKeyUsage has clientAuth',
};
const OF_ANOTHER_CA =
  'was not issued by an authority that the service trusts: use one of an authority in its TLS_CLIENT_CA_FILE';

/** A name in a certificate's list, and what it is: Node puts what would be ambiguous into quotes. */
const NAME = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g;

interface Shown {
  readonly names: readonly string[];
  /** Until when it counts, as Date.now() has it. */
  readonly until: number;
  fault?: string;
  /** Hear when it counts no longer. */
  readonly followers: Set<() => void>;
}

/** Keeps with a connection what its other end showed when it was made; false where it showed nothing. */
export function noteClientCertificate(socket: TLSSocket): boolean {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return false;
  const shown: Shown = { names: namesIn(certificate), until: certificate.validToDate.getTime(), followers: new Set() };
  if (!socket.authorized) shown.fault = String(socket.authorizationError);
  Object.assign(socket, { [SHOWN]: shown });
  return true;
}

/** What the other end of a connection showed; undefined where it showed nothing, or was not asked. */
export function clientCertificateOf(socket: object | undefined): ShownCertificate | undefined {
  const shown = shownBy(socket);
  if (shown === undefined) return undefined;
  const fault = shown.fault ?? (Date.now() > shown.until ? 'CERT_HAS_EXPIRED' : undefined);
  return fault === undefined
    ? { names: shown.names }
    : { fault: `the client certificate ${FAULTS[fault] ?? OF_ANOTHER_CA}` };
}

/** Calls `onEnd` once when the certificate of a connection counts no longer. Gives what ends that; undefined where none counted. */
export function followClientCertificate(socket: object | undefined, onEnd: () => void): (() => void) | undefined {
  const shown = shownBy(socket);
  if (shown === undefined || shown.fault !== undefined) return undefined;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const leftMs = shown.until - Date.now();
    // It counts to the last of its milliseconds.
    timer = setTimeout(
      () => (Date.now() > shown.until ? end() : wait()),
      Math.min(Math.max(0, leftMs) + 1, LONGEST_TIMER_MS),
    );
    timer.unref();
  };
  const letGo = (): void => {
    clearTimeout(timer);
    shown.followers.delete(end);
  };
  const end = (): void => {
    letGo();
    onEnd();
  };
  shown.followers.add(end);
  wait();
  return letGo;
}

/**
 * Judges the certificate of a connection once more: other authorities count now, or they have revoked others. Certificates between it and
 * an authority may be seen in the handshake alone: where something was taken away, such a connection is ended, for its caller to come again.
 */
export function judgeAgain(socket: TLSSocket, now: TlsMaterial, before: TlsMaterial): void {
  const shown = shownBy(socket);
  if (shown === undefined || shown.fault !== undefined) return;
  const [judges, former] = [judgesOf(now), judgesOf(before)];
  const fault = findFault(socket, judges, former);
  if (fault === UNSEEN && tookAway(judges, former)) socket.destroy();
  if (fault === undefined || fault === UNSEEN) return;
  shown.fault = fault;
  for (const end of shown.followers) end();
}

/** Who has issued it cannot be seen. */
const UNSEEN = 'unseen';

function findFault(socket: TLSSocket, { authorities, revoked }: Judges, former: Judges): string | undefined {
  let link = socket.getPeerX509Certificate();
  // As long as any chain may be.
  for (let depth = 0; link !== undefined && depth < 10; depth += 1) {
    const { issuerCertificate: above, serialNumber } = link;
    if (revoked.has(serialNumber)) return 'CERT_REVOKED';
    if (isIssuedBy(authorities, link)) return undefined;
    if (isIssuedBy(former.authorities, link)) break;
    if (above === undefined || !hasIssued(above, link)) return UNSEEN;
    link = above;
  }
  return 'UNABLE_TO_GET_ISSUER_CERT';
}

interface Judges {
  readonly authorities: readonly X509Certificate[];
  readonly revoked: ReadonlySet<string>;
}

function judgesOf({ context: { ca, crl } }: TlsMaterial): Judges {
  return { authorities: readCertificates(String(ca)), revoked: revokedSerials([crl ?? []].flat().join('\n')) };
}

/** Whether somebody may count no longer who did before. */
function tookAway(now: Judges, before: Judges): boolean {
  const known = new Set(now.authorities.map(({ fingerprint256 }) => fingerprint256));
  return (
    before.authorities.some(({ fingerprint256 }) => !known.has(fingerprint256)) ||
    [...now.revoked].some((serial) => !before.revoked.has(serial))
  );
}

function isIssuedBy(authorities: readonly X509Certificate[], certificate: X509Certificate): boolean {
  return authorities.some((authority) => hasIssued(authority, certificate));
}

function hasIssued(authority: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

function shownBy(socket: object | undefined): Shown | undefined {
  const bearer: { readonly [SHOWN]?: Shown } = socket ?? {};
  return bearer[SHOWN];
}

function namesIn({ subjectAltName = '' }: X509Certificate): readonly string[] {
  const names: string[] = [];
  for (const [, type, name = ''] of subjectAltName.matchAll(NAME)) {
    if (type === 'DNS' || type === 'URI') names.push(name.startsWith('"') ? (JSON.parse(name) as string) : name);
  }
  return names;
}
