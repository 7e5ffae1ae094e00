import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readTls } from '../src/read-tls.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'automate-read-tls-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a connector's tls", () => {
  it('is nothing where it is not configured', async () => {
    await expect(readTls({ id: 'db' })).resolves.toBeUndefined();
  });

  it('checks certificates unless told not to', async () => {
    await expect(readTls({ id: 'db', tls: {} })).resolves.toEqual({ rejectUnauthorized: true });
    await expect(readTls({ id: 'db', tls: { insecure: true } })).resolves.toEqual({ rejectUnauthorized: false });
  });

  it('comes with its files read', async () => {
    const [caFile, certFile, keyFile] = ['ca', 'cert', 'key'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await Promise.all([writeFile(caFile, 'authority'), writeFile(certFile, 'ours'), writeFile(keyFile, 'secret')]);
    await expect(readTls({ id: 'db', tls: { caFile, certFile, keyFile, serverName: 'db.internal' } })).resolves.toEqual(
      { ca: 'authority', cert: 'ours', key: 'secret', servername: 'db.internal', rejectUnauthorized: true },
    );
  });

  it('names the connector, the setting and the file that cannot be read', async () => {
    const keyFile = join(folder, 'missing.pem');
    await expect(readTls({ id: 'db', tls: { keyFile } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { reason: 'tls_file' },
      message: expect.stringMatching(/"db": tls\.key_file names .*missing\.pem.*ENOENT/),
    });
  });
});
