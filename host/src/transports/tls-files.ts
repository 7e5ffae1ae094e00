import { constants, createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import type { Problem } from '@automate/contract';
import type { TlsSettings } from '../host-settings.ts';
import { separateLists } from './revoked-serials.ts';

/** What the doors need to speak TLS, found fit. */
export interface TlsMaterial {
  readonly context: SecureContextOptions;
  /** Whether callers are asked for a certificate. */
  readonly asksClients: boolean;
  /** When the first certificate of the chain expires. */
  readonly expires: Date;
  /** Follows from what the files of the server's own pair hold. */
  readonly pair: string;
  /** Follows from the authorities and revoked certificates that callers are judged by. */
  readonly judges: string;
}

export type ReadTls =
  | { readonly ok: true; readonly material: TlsMaterial }
  | { readonly ok: false; readonly problems: readonly Problem[] };

type Variable = 'TLS_CERT_FILE' | 'TLS_KEY_FILE' | 'TLS_CLIENT_CA_FILE' | 'TLS_CLIENT_CRL_FILE';

/** Everything that others than the owner and the group may do with a key, and that the group may change. */
const FORBIDDEN_KEY_MODE = 0o027;
/** Largest file, in bytes: some hundred certificates. */
const MAX_FILE_BYTES = 1024 * 1024;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
const SERVER_USE = '1.3.6.1.5.5.7.3.1';

/** Reads the files and finds all that is wrong with them. */
export function readTlsFiles(settings: TlsSettings, now = new Date()): ReadTls {
  const problems: Problem[] = [];
  const wrong = (path: Variable, expected: string, received: string): undefined =>
    void problems.push({ path, expected, received });
  const read = (path: Variable, file: string): Buffer | undefined => {
    try {
      const { size, mode } = statSync(file);
      if (path === 'TLS_KEY_FILE' && (mode & FORBIDDEN_KEY_MODE) !== 0)
        wrong(
          path,
          'a file that its owner alone can read and change, or its group can read',
          `${file} with mode ${(mode & 0o777).toString(8)}: run "chmod 600 ${file}"`,
        );
      if (size > MAX_FILE_BYTES) return wrong(path, `at most ${MAX_FILE_BYTES} bytes`, `${file} with ${size}`);
      return readFileSync(file);
    } catch (error) {
      return wrong(path, 'a file that the host can read', `${file} (${(error as NodeJS.ErrnoException).code})`);
    }
  };
  const certificates = (path: Variable, file: string, text: Buffer | undefined): readonly X509Certificate[] => {
    if (text === undefined) return [];
    const found = readCertificates(text.toString('latin1'));
    if (found.length === 0) wrong(path, 'certificates as PEM', `${file}, which holds none that can be read`);
    for (const each of found) {
      if (each.validToDate <= now)
        wrong(
          path,
          'certificates that have not expired',
          `${subject(each)} in ${file}, which expired on ${day(each.validToDate)}`,
        );
      if (each.validFromDate > now)
        wrong(
          path,
          'certificates that are valid already',
          `${subject(each)} in ${file}, which is valid from ${each.validFromDate.toISOString()}: look at the clock as well`,
        );
    }
    return found;
  };

  const { certFile, keyFile, clientCaFile, clientCrlFile } = settings;
  const cert = read('TLS_CERT_FILE', certFile);
  const key = read('TLS_KEY_FILE', keyFile);
  const ca = clientCaFile === undefined ? undefined : read('TLS_CLIENT_CA_FILE', clientCaFile);
  const crl = clientCrlFile === undefined ? undefined : read('TLS_CLIENT_CRL_FILE', clientCrlFile);
  const chain = certificates('TLS_CERT_FILE', certFile, cert);
  const privateKey = key === undefined ? undefined : readKey(key);
  if (key !== undefined && privateKey === undefined)
    wrong(
      'TLS_KEY_FILE',
      'a private key as PEM, without a passphrase',
      `${keyFile}, which holds none that can be read`,
    );
  const misplaced = privateKey === undefined ? undefined : judgeChain(chain, privateKey);
  if (misplaced !== undefined) wrong('TLS_CERT_FILE', misplaced.expected, `${certFile}, ${misplaced.received}`);
  const judges = clientCaFile === undefined ? [] : certificates('TLS_CLIENT_CA_FILE', clientCaFile, ca);
  for (const each of judges) {
    if (!each.ca)
      wrong('TLS_CLIENT_CA_FILE', 'certificates of authorities', `${subject(each)} in ${clientCaFile}, which is none`);
  }
  const context: SecureContextOptions = {
    cert,
    key,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(crl === undefined ? {} : { crl: separateLists(crl.toString('latin1')) }),
    // A session that is taken up again is not judged again: who has been revoked meanwhile would stay in.
    ...(ca === undefined ? {} : { secureOptions: constants.SSL_OP_NO_TICKET }),
  };
  const [leaf] = chain;
  if (problems.length > 0 || leaf === undefined) return { ok: false, problems };
  try {
    createSecureContext(context);
  } catch (error) {
    const path = /crl/i.test((error as Error).message) ? 'TLS_CLIENT_CRL_FILE' : 'TLS_CERT_FILE';
    wrong(path, 'what OpenSSL takes', (error as Error).message);
    return { ok: false, problems };
  }
  const expires = new Date(Math.min(...chain.map(({ validToDate }) => validToDate.getTime())));
  const material = {
    context,
    asksClients: ca !== undefined,
    expires,
    pair: digest(cert, key),
    judges: digest(ca, crl),
  };
  return { ok: true, material };
}

/** How long before its end a certificate is warned of, in milliseconds. */
const SOON_MS = 14 * 24 * 60 * 60 * 1000;

/** Whether it is time for another certificate. */
export function expiresSoon({ expires }: Pick<TlsMaterial, 'expires'>): boolean {
  return expires.getTime() - Date.now() <= SOON_MS;
}

/** The certificates of a PEM text; none where one of them cannot be read. */
export function readCertificates(text: string): readonly X509Certificate[] {
  try {
    return (text.match(PEM_CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem));
  } catch {
    return [];
  }
}

function readKey(pem: Buffer): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

/** What is wrong with the order of a chain, or with its first certificate. */
function judgeChain(chain: readonly X509Certificate[], key: KeyObject): Omit<Problem, 'path'> | undefined {
  const [leaf] = chain;
  if (leaf === undefined) return undefined;
  const owner = chain.findIndex((each) => each.checkPrivateKey(key));
  if (owner === -1)
    return {
      expected: 'the certificate of the key in TLS_KEY_FILE',
      received: `whose ${subject(leaf)} belongs to another key`,
    };
  if (owner > 0)
    return {
      expected: "the server's own certificate first, then each one's issuer",
      received: `which begins with ${subject(leaf)}`,
    };
  const stray = chain.findIndex((each, index) => index > 0 && chain[index - 1]?.checkIssued(each) !== true);
  if (stray > 0)
    return {
      expected: "the server's own certificate first, then each one's issuer",
      received: `where ${subject(chain[stray])} stands after ${subject(chain[stray - 1])}, which it has not issued`,
    };
  const uses = leaf.keyUsage as readonly string[] | undefined;
  if (uses !== undefined && !uses.includes(SERVER_USE))
    return {
      expected: 'a certificate for servers',
      received: `whose ${subject(leaf)} is for other uses (extendedKeyUsage)`,
    };
  return undefined;
}

/** A name that tells it from others in the file. */
function subject(certificate: X509Certificate | undefined): string {
  return `"${certificate?.subject?.replaceAll('\n', ', ') ?? certificate?.subjectAltName ?? ''}"`;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function digest(...parts: readonly (Buffer | undefined)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(String(part?.length ?? -1)).update(part ?? '');
  return hash.digest('hex');
}
