import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files of a certificate authority that nobody knows, and of a server and a client that it vouches for. */
export interface PrivateCa {
  readonly caFile: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
  remove(): void;
}

/** Makes one, for a server's name and the address 127.0.0.1. */
export function createPrivateCa(name = 'localhost'): PrivateCa {
  const folder = mkdtempSync(join(tmpdir(), 'private-ca-'));
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Private CA');
  writeFileSync(join(folder, 'server.ext'), `subjectAltName=DNS:${name},IP:127.0.0.1\n`);
  writeFileSync(join(folder, 'client.ext'), 'extendedKeyUsage=clientAuth\n');
  for (const name of ['server', 'client']) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-out', `${name}.pem`, '-extfile', `${name}.ext`);
  }
  const pair = (name: string) => ({ cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) });
  return {
    caFile: join(folder, 'ca.pem'),
    server: pair('server'),
    client: pair('client'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
