import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openMasterKeys } from '../../src/secrets/master-key.ts';
import type { SecretVault } from '../../src/secrets/secret-vault.ts';
import { openSecretVault } from '../../src/secrets/secret-vault.ts';
import type { SecretId } from '../../src/store/secret-store.ts';
import { openSqliteSecretStore } from '../../src/store/sqlite-secret-store.ts';

const TOKEN = { namespace: 'slack', name: 'token' };
const OTHER = { namespace: 'slack', name: 'other' };
const VALUE = 'canary-Value/4711+x';

let directory: string;
const file = (): string => join(directory, 'connectors.db');
const open = (keyFile?: string): SecretVault =>
  openSecretVault(openSqliteSecretStore(file()), openMasterKeys({ dataDir: directory, keyFile }));

/** Works on the file as somebody would who has no key. */
function tamper(work: (database: DatabaseSync) => unknown): void {
  const database = new DatabaseSync(file());
  work(database);
  database.close();
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'automate-vault-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('a secret in the store', () => {
  it.each([
    ['a word', 'xyzzy'],
    ['many lines', '-----BEGIN\nline two\r\nline three\n'],
    ['signs of every kind', `quote " ' back \\ {} \t & < > % \${HOME} é 漢字 😀 \u{200b}`],
    ['a text as long as may be', 'x'.repeat(64 * 1024)],
  ])('comes back as it was: %s', async (_what, value) => {
    const vault = open();
    await vault.add(TOKEN, value);
    await expect(vault.read(TOKEN)).resolves.toEqual({ ok: true, value });
    await vault.close();
    const later = open();
    await expect(later.read(TOKEN)).resolves.toEqual({ ok: true, value });
    await later.close();
  });

  it('has versions, of which each can be read until it is dropped', async () => {
    const vault = open();
    for (const value of ['one', 'two', 'three']) await vault.add(TOKEN, value);
    await expect(vault.read(TOKEN)).resolves.toEqual({ ok: true, value: 'three' });
    await expect(vault.read(TOKEN, 1)).resolves.toEqual({ ok: true, value: 'one' });
    await expect(vault.remove(TOKEN, 1)).resolves.toBe(1);
    await expect(vault.read(TOKEN, 1)).resolves.toEqual({
      ok: false,
      reason: 'there is no version 1 of the secret slack/token',
    });
    expect((await vault.list()).map(({ version }) => version)).toEqual([2, 3]);
    await expect(vault.remove(TOKEN)).resolves.toBe(2);
    await expect(vault.read(TOKEN)).resolves.toEqual({
      ok: false,
      reason: 'there is no secret slack/token: set it with "automate secrets set slack/token"',
    });
    await vault.close();
  });

  it('stands in no file in clear, in no form', async () => {
    const vault = open();
    for (let count = 0; count < 50; count += 1) await vault.add({ ...TOKEN, name: `n${count}` }, `${VALUE}-${count}`);
    const bytes = async (): Promise<Buffer> =>
      Buffer.concat(
        await Promise.all(
          (await readdir(directory, { recursive: true, withFileTypes: true }))
            .filter((entry) => entry.isFile())
            .map((entry) => readFile(join(entry.parentPath, entry.name))),
        ),
      );
    const whileOpen = await bytes();
    await vault.close();
    for (const content of [whileOpen, await bytes()]) {
      expect(content.length).toBeGreaterThan(4096);
      for (const form of ['utf8', 'base64', 'hex', 'utf16le'] as const) {
        const written = form === 'utf16le' ? Buffer.from(VALUE, form) : Buffer.from(VALUE).toString(form).slice(0, 18);
        expect(content.includes(written)).toBe(false);
      }
    }
  });

  it.each(['data_key', 'sealed'])('tells of every bit that was changed in its %s', async (column) => {
    const vault = open();
    await vault.add(TOKEN, VALUE);
    const length = 12 + 16 + (column === 'sealed' ? VALUE.length : 32);
    for (let at = 0; at < length; at += 1) {
      const flip = (database: DatabaseSync): void => {
        const row = database.prepare(`SELECT ${column} AS bytes FROM secrets`).get() as { bytes: Uint8Array };
        expect(row.bytes).toHaveLength(length);
        row.bytes[at] = (row.bytes[at] ?? 0) ^ (1 << (at % 8));
        database.prepare(`UPDATE secrets SET ${column} = ?`).run(row.bytes);
      };
      tamper(flip);
      await expect(vault.read(TOKEN)).resolves.toEqual({
        ok: false,
        reason:
          'what is stored as slack/token, version 1, was changed or damaged: restore it from a backup, or set the secret anew',
      });
      tamper(flip);
      await expect(vault.read(TOKEN)).resolves.toEqual({ ok: true, value: VALUE });
    }
    await vault.close();
  });

  it.each([
    ['another secret', "name = 'other', version = 1"],
    ['another version', 'version = 3'],
    ['another namespace', "namespace = 'team'"],
    ['a key that it is not under', "key_id = 'ffffffffffff'"],
  ])('is not read where its row passes for %s', async (_what, change) => {
    const vault = open();
    await vault.add(TOKEN, 'one');
    await vault.add(TOKEN, VALUE);
    tamper((database) => database.exec(`UPDATE secrets SET ${change} WHERE version = 2`));
    const isFirst = (id: SecretId): boolean => `${id.namespace}/${id.name}/${id.version}` === 'slack/token/1';
    const moved = (await vault.list()).find((id) => !isFirst(id));
    if (moved === undefined) throw new Error('the row is gone');
    const read = await vault.read(moved, moved.version);
    expect(read).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/was changed or damaged|under the master key ffffffffffff/),
    });
    await vault.close();
  });

  it('is not read with another key, and says which one it needs and where that goes', async () => {
    const vault = open();
    await vault.add(TOKEN, VALUE);
    const [{ keyId } = { keyId: '' }] = await vault.list();
    await vault.close();
    await writeFile(join(directory, 'keys', 'master.key'), randomBytes(32).toString('base64'));
    const other = open();
    await expect(other.read(TOKEN)).resolves.toEqual({
      ok: false,
      reason: `it is sealed under the master key ${keyId}, which is not in ${join(directory, 'keys', 'master.key')}: put that key back, below the one in use, or set the secret anew`,
    });
    await other.close();
  });

  it('is not shown by the scrap of another one that was removed', async () => {
    const vault = open();
    await Promise.all([vault.add(TOKEN, VALUE), vault.add(OTHER, VALUE)]);
    await vault.remove(TOKEN);
    await expect(vault.read(OTHER)).resolves.toEqual({ ok: true, value: VALUE });
    await vault.close();
  });
});

describe('a rotation of the master key', () => {
  it('wraps every secret under a new key, which then is the only one that is needed', async () => {
    const vault = open();
    for (const name of ['a', 'b', 'c']) await vault.add({ namespace: 'n', name }, `value of ${name}`);
    const before = (await vault.list())[0]?.keyId ?? '';
    const { keyId, ...did } = await vault.rotate();
    expect(did).toEqual({ renewed: true, rewrapped: 3, unreadable: [] });
    expect(keyId).not.toBe(before);
    expect(new Set((await vault.list()).map((version) => version.keyId))).toEqual(new Set([keyId]));
    const keyFile = join(directory, 'keys', 'master.key');
    const [inUse] = (await readFile(keyFile, 'utf8')).split('\n');
    await writeFile(keyFile, `${inUse}\n`);
    for (const name of ['a', 'b', 'c'])
      await expect(vault.read({ namespace: 'n', name })).resolves.toEqual({ ok: true, value: `value of ${name}` });
    await vault.close();
  });

  it('takes the key that MASTER_KEY_FILE names first, and makes none', async () => {
    const own = open();
    await own.add(TOKEN, VALUE);
    await own.close();
    const given = join(directory, 'given.key');
    await writeFile(given, randomBytes(32).toString('base64'), { mode: 0o600 });
    const vault = open(given);
    await expect(vault.read(TOKEN)).resolves.toEqual({ ok: true, value: VALUE });
    await expect(vault.rotate()).resolves.toMatchObject({ renewed: false, rewrapped: 1 });
    await expect(vault.rotate()).resolves.toMatchObject({ renewed: false, rewrapped: 0 });
    await rm(join(directory, 'keys'), { recursive: true });
    await expect(vault.read(TOKEN)).resolves.toEqual({ ok: true, value: VALUE });
    await vault.close();
  });

  it('names what it cannot read, and leaves it as it is', async () => {
    const vault = open();
    await vault.add(TOKEN, VALUE);
    await vault.add(OTHER, VALUE);
    tamper((database) => database.exec("UPDATE secrets SET data_key = zeroblob(60) WHERE name = 'other'"));
    await expect(vault.rotate()).resolves.toMatchObject({
      rewrapped: 1,
      unreadable: ['slack/other, version 1: its row was changed or damaged'],
    });
    await expect(vault.read(TOKEN)).resolves.toEqual({ ok: true, value: VALUE });
    await vault.close();
  });

  it('loses nothing however often it is killed, and ends what was begun', async () => {
    const COUNT = 60;
    const vault = open();
    for (let at = 0; at < COUNT; at += 1) await vault.add({ namespace: 'n', name: `s${at}` }, `value ${at}`);
    const keyFile = join(directory, 'keys', 'master.key');
    let inFlight = 0;
    for (let kill = 0; kill < 60; kill += 1) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/rotate-for-ever.mjs'), directory], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await delay(Math.random() * 60);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const keyIds = new Set<string>();
      for (const version of await vault.list()) {
        keyIds.add(version.keyId);
        await expect(vault.read(version)).resolves.toEqual({ ok: true, value: `value ${version.name.slice(1)}` });
      }
      if (keyIds.size > 1) {
        inFlight += 1;
        // What was begun is ended, without a key more.
        const before = (await readFile(keyFile, 'utf8')).trim().split('\n').length;
        if (inFlight % 3 === 0) expect(await vault.rotate()).toMatchObject({ renewed: false, unreadable: [] });
        expect((await readFile(keyFile, 'utf8')).trim().split('\n')).toHaveLength(before);
      }
      expect(await vault.list()).toHaveLength(COUNT);
      // A secret that is set while a rotation stands still is as safe as the others.
      await vault.add({ namespace: 'new', name: 'one' }, `value one`);
      await expect(vault.read({ namespace: 'new', name: 'one' })).resolves.toEqual({ ok: true, value: 'value one' });
      await vault.remove({ namespace: 'new', name: 'one' });
    }
    // It was really killed on the way, not only before and after.
    expect(inFlight).toBeGreaterThan(5);
    await vault.rotate();
    expect(new Set((await vault.list()).map(({ keyId }) => keyId)).size).toBe(1);
    expect(await readdir(join(directory, 'keys'))).toEqual(['master.key']);
    await vault.close();
  }, 120_000);
});
