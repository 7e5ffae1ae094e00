import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority } from '@automate/testing';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { PostgresServer } from '../../../plugins/postgres/test/start-postgres.ts';
import { startPostgres } from '../../../plugins/postgres/test/start-postgres.ts';
import { openStores } from '../../dist/store/open-stores.js';
import { PASSWORD, postgres } from '../fixtures/postgres-databases.ts';

describeWith(postgres, 'TLS to PostgreSQL as the store', () => {
  const folder = mkdtempSync(join(tmpdir(), 'store-tls-'));
  const [ours, other] = ['ours.pem', 'other.pem'].map((name) => join(folder, name));
  let server: PostgresServer;
  beforeAll(async () => {
    const authority = createCertificateAuthority();
    writeFileSync(ours ?? '', authority.cert);
    writeFileSync(other ?? '', createCertificateAuthority().cert);
    server = await startPostgres({ tls: authority.issue({ hosts: ['localhost'] }) });
  }, 60_000);
  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const open = (host: string, query: string) =>
    openStores({
      dataDir: '',
      storeUrl: `postgres://postgres:${encodeURIComponent(PASSWORD)}@${host}:${server.port}/postgres${query}`,
    });
  const sessions = async (): Promise<readonly unknown[]> =>
    (
      await server.sql(
        `SELECT DISTINCT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'automate'`,
      )
    ).map(({ ssl }) => ssl);

  it.each([
    ['verify-full', `sslmode=verify-full&sslrootcert=${ours}`, [true]],
    ['require, which means the same', `sslmode=require&sslrootcert=${ours}`, [true]],
    ['no-verify', 'sslmode=no-verify', [true]],
    ['nothing said', '', [false]],
  ])('is as the URL says: %s', async (_what, query, encrypted) => {
    await using stores = await open('localhost', `?${query}`);
    await stores.connectors.load();
    expect(await sessions()).toEqual(encrypted);
  });

  it.each([
    ['an authority that nobody named', 'localhost', 'sslmode=require'],
    ['another authority', 'localhost', `sslmode=verify-full&sslrootcert=${other}`],
    ['a file that is not there', 'localhost', 'sslmode=verify-full&sslrootcert=/absent.pem'],
    ['another name', '127.0.0.1', `sslmode=verify-full&sslrootcert=${ours}`],
  ])('refuses %s, and says what to correct', async (_what, host, query) => {
    await expect(open(host, `?${query}`)).rejects.toMatchObject({
      details: { reason: 'store_lost' },
      message: expect.stringMatching(/correct sslmode and sslrootcert of STORE_URL/),
    });
  });
});
