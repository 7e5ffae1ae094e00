import { createPublicKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

/** PEM texts of a key and its certificate. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

export interface CertificateRequest {
  /** Names, addresses and URIs that the certificate is for. Default `['localhost', '127.0.0.1']`. */
  readonly hosts?: readonly string[];
  /** Default `test`. */
  readonly commonName?: string;
  /** Until when it is valid. Default: a day from now. */
  readonly notAfter?: Date;
}

/** A private certificate authority, for tests of TLS. Its certificates last a day; keys are P-256. */
export interface CertificateAuthority {
  /** Its own certificate as PEM: what `tls.ca_file` should hold. */
  readonly cert: string;
  issue(request?: CertificateRequest): KeyAndCertificate;
  /** An authority whose certificate this one has issued; that stands behind each that it issues itself, as callers show it. */
  authority(commonName: string): CertificateAuthority;
  /** A list of revoked certificates as PEM, which has these of its own, given as PEM, and lasts a day. */
  revoke(...certs: readonly string[]): string;
}

interface Identity {
  readonly name: string;
  readonly privateKey: KeyObject;
}

interface Contents {
  readonly issuer: Identity;
  readonly subject: Identity;
  readonly notAfter: Date;
  readonly extensions: readonly Uint8Array[];
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** A new authority. Made in this process: no tool, no file, no network. */
export function createCertificateAuthority(commonName = 'Test CA'): CertificateAuthority {
  return openAuthority(createIdentity(commonName));
}

/** @param above who has issued its certificate; absent: itself */
function openAuthority(
  authority: Identity,
  above?: { readonly issuer: Identity; readonly chain: string },
): CertificateAuthority {
  const isCa = extension('2.5.29.19', der(0x30, der(0x01, Buffer.from([0xff]))), true);
  const mayCertify = extension('2.5.29.15', der(0x03, Buffer.from([0x01, 0x06])), true);
  const day = new Date(Date.now() + DAY_MS);
  const own = certify({
    issuer: above?.issuer ?? authority,
    subject: authority,
    notAfter: day,
    extensions: [isCa, mayCertify],
  });
  const chain = above === undefined ? '' : own + above.chain;
  return {
    cert: own,
    issue({ hosts = ['localhost', '127.0.0.1'], commonName: name = 'test', notAfter = day } = {}) {
      const subject = createIdentity(name);
      const names = extension('2.5.29.17', der(0x30, ...hosts.map(alternativeName)), false);
      return {
        key: subject.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        cert: certify({ issuer: authority, subject, notAfter, extensions: [names] }) + chain,
      };
    },
    authority: (name) => openAuthority(createIdentity(name), { issuer: authority, chain }),
    revoke: (...certs) => listRevoked(authority, certs),
  };
}

function createIdentity(name: string): Identity {
  return { name, privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey };
}

/** ECDSA over SHA-256. */
const ALGORITHM = der(0x30, oid('1.2.840.10045.4.3.2'));

/** RFC 5280: a version 3 certificate. */
function certify({ issuer, subject, notAfter, extensions }: Contents): string {
  // Before both ends, so that an expired certificate is no contradiction in itself.
  const notBefore = new Date(Math.min(Date.now(), notAfter.getTime()) - DAY_MS);
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1]), randomBytes(15)),
    ALGORITHM,
    distinguishedName(issuer.name),
    der(0x30, time(notBefore), time(notAfter)),
    distinguishedName(subject.name),
    createPublicKey(subject.privateKey).export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, ...extensions)),
  );
  return signed('CERTIFICATE', body, issuer);
}

/** RFC 5280: a version 2 list. */
function listRevoked(issuer: Identity, certs: readonly string[]): string {
  const now = Date.now();
  const since = time(new Date(now - DAY_MS));
  const revoked = certs.map((cert) => {
    const { serialNumber } = new X509Certificate(cert);
    return der(0x30, der(0x02, Buffer.from(serialNumber, 'hex')), since);
  });
  const body = der(
    0x30,
    der(0x02, Buffer.from([1])),
    ALGORITHM,
    distinguishedName(issuer.name),
    since,
    time(new Date(now + DAY_MS)),
    ...(revoked.length === 0 ? [] : [der(0x30, ...revoked)]),
  );
  return signed('X509 CRL', body, issuer);
}

function signed(what: string, body: Buffer, { privateKey }: Identity): string {
  const signature = sign('sha256', body, privateKey);
  const base64 = der(0x30, body, ALGORITHM, der(0x03, Buffer.from([0]), signature)).toString('base64');
  return `-----BEGIN ${what}-----\n${base64.replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${what}-----\n`;
}

function distinguishedName(name: string): Buffer {
  return der(0x30, der(0x31, der(0x30, oid('2.5.4.3'), der(0x0c, Buffer.from(name)))));
}

function alternativeName(host: string): Buffer {
  if (isIP(host) === 4) return der(0x87, Buffer.from(host.split('.').map(Number)));
  return der(host.includes('://') ? 0x86 : 0x82, Buffer.from(host));
}

function extension(id: string, value: Uint8Array, critical: boolean): Buffer {
  return der(0x30, oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));
}

/** GeneralizedTime, to the second. */
function time(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\..*$/g, '')}Z`));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): readonly number[] {
  const digits = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

/** One element: tag, length, contents. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const contents = Buffer.concat(parts);
  const { length } = contents;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), contents]);
}
