import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MIGRATIONS } from '../../src/store/migrations.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';

const FIXTURE = join(import.meta.dirname, 'fixtures', 'put-and-wait.mjs');

describe('the SQLite store', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'automate-store-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('gives back in order of id what was put, and the newer of two', async () => {
    const file = join(directory, 'connectors.db');
    const store = openSqliteStore(file);
    await store.put('b', { id: 'b' });
    await store.put('a', { id: 'a' });
    await store.put('b', { id: 'b', name: 'newer' });
    await store.close();
    const again = openSqliteStore(file);
    await expect(again.put('a', { id: 'a', name: 'third' }, 'absent')).resolves.toBe(false);
    expect((await again.load()).map(({ id, config }) => [id, config])).toEqual([
      ['a', { id: 'a' }],
      ['b', { id: 'b', name: 'newer' }],
    ]);
    expect([await again.delete('a'), await again.delete('a')]).toEqual([true, false]);
    await again.close();
    await again.close();
  });

  it('loses nothing when its process is killed right after a put', async () => {
    const file = join(directory, 'connectors.db');
    const child = spawn(process.execPath, [FIXTURE, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = openSqliteStore(file);
    expect(await store.load()).toMatchObject([{ id: 'kept', config: { kind: 'echo' } }]);
    await store.close();
  });

  it('keeps its file from other users', async () => {
    const file = join(directory, 'connectors.db');
    await openSqliteStore(file).close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('forgets levels of isolation that were the default of all when they were written', async () => {
    const file = join(directory, 'connectors.db');
    const before = new DatabaseSync(file);
    before.exec(`${MIGRATIONS.slice(0, 2).join(';')}; PRAGMA user_version = 2`);
    const insert = before.prepare('INSERT INTO connectors (id, config, updated_at) VALUES (?, ?, ?)');
    for (const isolation of ['thread', 'process', undefined]) {
      const id = isolation ?? 'none';
      insert.run(id, JSON.stringify({ id, kind: 'echo', isolation }), '2026-01-01T00:00:00Z');
    }
    before.close();
    const store = openSqliteStore(file);
    expect((await store.load()).map(({ config }) => config)).toEqual([
      { id: 'none', kind: 'echo' },
      { id: 'process', kind: 'echo', isolation: 'process' },
      { id: 'thread', kind: 'echo' },
    ]);
    await store.close();
  });

  it('refuses a database of a newer version, and says what to do', async () => {
    const file = join(directory, 'connectors.db');
    await openSqliteStore(file).close();
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => openSqliteStore(file)).toThrow(/newer version.*schema 99.*upgrade the host/);
  });

  it('refuses a file that is no database', () => {
    const file = join(directory, 'connectors.db');
    writeFileSync(file, 'this is not a database, it only is where one should be'.repeat(50));
    expect(() => openSqliteStore(file)).toThrow(/not a database/);
  });
});
