import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority, startConnector } from '@automate/testing';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import PostgresAdapter from '../src/postgres-adapter.ts';
import type { PostgresServer } from './start-postgres.ts';
import { findPostgres, startPostgres } from './start-postgres.ts';

const postgres = {
  name: 'postgresql',
  available: () => findPostgres() !== undefined,
  remedy: 'apt-get install --no-install-recommends postgresql',
};

describeWith(postgres, 'TLS to a real PostgreSQL', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postgres-tls-'));
  const caFile = join(folder, 'ca.pem');
  let server: PostgresServer;
  const running: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    const authority = createCertificateAuthority();
    writeFileSync(caFile, authority.cert);
    server = await startPostgres({ tls: authority.issue({ hosts: ['db.internal'] }) });
  });
  afterEach(async () => {
    for (const each of running.splice(0)) await each.close();
  });
  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function isEncrypted(tls?: Record<string, string | boolean>): Promise<unknown> {
    const auth = { type: 'basic' as const, username: 'postgres', password: 'correct horse' };
    const connector = await startConnector(PostgresAdapter, {
      url: server.url,
      config: { auth, ...(tls === undefined ? {} : { tls }) },
    });
    running.push(connector);
    const sql = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    const { rows } = await connector.call('query', { sql });
    return rows;
  }

  it('is used where tls is configured', async () => {
    await expect(isEncrypted({ caFile, serverName: 'db.internal' })).resolves.toStrictEqual([{ ssl: true }]);
    await expect(isEncrypted({ insecure: true })).resolves.toStrictEqual([{ ssl: true }]);
    await expect(isEncrypted()).resolves.toStrictEqual([{ ssl: false }]);
  });

  it('checks authority and name of the certificate', async () => {
    const failure = { code: 'TRANSIENT_NETWORK', effect: 'none', details: { reason: 'tls_certificate' } };
    await expect(isEncrypted({ serverName: 'db.internal' })).rejects.toMatchObject(failure);
    await expect(isEncrypted({ caFile })).rejects.toMatchObject(failure);
    await expect(isEncrypted({ caFile, serverName: 'elsewhere' })).rejects.toMatchObject(failure);
  });

  it('is used where the URI asks for it, and the certificate is checked all the same', async () => {
    const uri = `postgresql://postgres:correct%20horse@127.0.0.1:${server.port}/postgres?sslmode=require`;
    const connector = await startConnector(PostgresAdapter, { settings: { uri } });
    running.push(connector);
    await expect(connector.call('query', { sql: 'SELECT 1' })).rejects.toMatchObject({
      effect: 'none',
      details: { reason: 'tls_certificate' },
    });
    const trusting = await startConnector(PostgresAdapter, {
      settings: { uri },
      config: { tls: { caFile, serverName: 'db.internal' } },
    });
    running.push(trusting);
    await expect(trusting.call('query', { sql: 'SELECT 1' })).resolves.toBeDefined();
  });

  it('names a file that cannot be read', async () => {
    await expect(isEncrypted({ caFile: join(folder, 'none.pem') })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('tls.ca_file'),
    });
  });
});
