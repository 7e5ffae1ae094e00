import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority, startConnector } from '@automate/testing';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import MysqlAdapter from '../src/mysql-adapter.ts';
import type { MariadbServer } from './start-mariadb.ts';
import { mariadb, startMariadb } from './start-mariadb.ts';

describeWith(mariadb, 'TLS to a real MariaDB', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mysql-tls-'));
  const caFile = join(folder, 'ca.pem');
  let server: MariadbServer;
  const running: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    const authority = createCertificateAuthority();
    writeFileSync(caFile, authority.cert);
    server = await startMariadb({ tls: authority.issue({ hosts: ['db.internal', 'localhost'] }) });
  });
  afterEach(async () => {
    for (const each of running.splice(0)) await each.close();
  });
  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function isEncrypted(tls?: Record<string, string | boolean>): Promise<unknown> {
    const auth = { type: 'basic' as const, username: 'boss', password: 'correct horse' };
    const connector = await startConnector(MysqlAdapter, {
      url: server.url,
      config: { auth, ...(tls === undefined ? {} : { tls }) },
    });
    running.push(connector);
    const sql = "SHOW SESSION STATUS LIKE 'Ssl_version'";
    const { rows } = await connector.call('query', { sql });
    return rows;
  }

  it('is used where tls is configured', async () => {
    await expect(isEncrypted({ caFile, serverName: 'db.internal' })).resolves.toMatchObject([
      { Value: expect.stringContaining('TLS') },
    ]);
    await expect(isEncrypted({ insecure: true })).resolves.toMatchObject([{ Value: expect.stringContaining('TLS') }]);
    await expect(isEncrypted()).resolves.toMatchObject([{ Value: '' }]);
  });

  it('is used where the URI says so, with the certificate checked', async () => {
    const port = new URL(server.url).port;
    const connect = async (mode: string, tls: object) => {
      const uri = `mysql://boss:correct%20horse@localhost:${port}/shop?ssl-mode=${mode}`;
      const connector = await startConnector(MysqlAdapter, { settings: { uri }, config: tls });
      running.push(connector);
      return connector.call('query', { sql: "SHOW SESSION STATUS LIKE 'Ssl_version'" });
    };
    await expect(connect('REQUIRED', { tls: { caFile } })).resolves.toMatchObject({
      rows: [{ Value: expect.stringContaining('TLS') }],
    });
    await expect(connect('REQUIRED', {})).rejects.toMatchObject({ details: { reason: 'tls_certificate' } });
    await expect(connect('DISABLED', {})).resolves.toMatchObject({ rows: [{ Value: '' }] });
  });

  it('checks authority and name of the certificate', async () => {
    const failure = { code: 'TRANSIENT_NETWORK', effect: 'none', details: { reason: 'tls_certificate' } };
    await expect(isEncrypted({ serverName: 'db.internal' })).rejects.toMatchObject(failure);
    await expect(isEncrypted({ caFile })).rejects.toMatchObject(failure);
    await expect(isEncrypted({ caFile, serverName: 'elsewhere' })).rejects.toMatchObject(failure);
  });

  it('names a file that cannot be read', async () => {
    await expect(isEncrypted({ caFile: join(folder, 'none.pem') })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('tls.ca_file'),
    });
  });
});
