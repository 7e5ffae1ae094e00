import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from '@jest/globals';
import type { JsonObject } from '@automate/contract';
import { addKeeper } from '../fixtures/add-keeper.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { AUTOMATE, plainEnvironment } from '../cli/fixtures/cli-project.ts';
import { mustRun } from '../cli/fixtures/run-command.ts';

const CANARY = 'Canary-4711-older';
const ROWS: readonly JsonObject[] = [
  {
    id: 'one',
    kind: 'keeper',
    auth: { type: 'bearer', token: CANARY },
    settings: { key: `${CANARY}-key`, plain: 'open' },
  },
  { id: 'two', kind: 'gone', settings: { anything: `${CANARY}-hidden`, deep: [{ more: `${CANARY}-deep` }] } },
  { id: 'broken', kind: 'keeper', port: 'none', password: `${CANARY}-broken`, description: `${CANARY}-broken` },
  {
    id: 'described',
    kind: 'keeper',
    description: `see https://me:${CANARY}-prose@wiki.example/page`,
    tags: [`//x:${CANARY}-tag@y`],
  },
  ...Array.from({ length: 40 }, (_, index) => ({
    id: `bulk${index}`,
    kind: 'keeper',
    enabled: false,
    settings: { key: `${CANARY}-${index}` },
  })),
];

/** The database as the first version wrote it, with rows that were replaced since. */
function writeOldDatabase(file: string): void {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = WAL;
    CREATE TABLE connectors (id TEXT PRIMARY KEY NOT NULL, config TEXT NOT NULL CHECK (json_valid(config)), updated_at TEXT NOT NULL) STRICT;
    PRAGMA user_version = 1`);
  const insert = database.prepare('INSERT OR REPLACE INTO connectors VALUES (?, ?, ?)');
  for (const name of [`${CANARY}-before`, ''])
    for (const row of ROWS)
      insert.run(String(row['id']), JSON.stringify(name === '' ? row : { ...row, name }), '2026-01-01T00:00:00.000Z');
  database.close();
}

async function bytesOf(root: string): Promise<string> {
  const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile() && !entry.parentPath.includes('plugins'),
  );
  return (await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')))).join('');
}

it('a database with secrets in clear is taken over: none is left in any file, all work, and there is a way back', async () => {
  let data = '';
  await using host = await SandboxHost.open({
    kinds: [],
    prepare: async (sandbox) => {
      await addKeeper(sandbox);
      data = join(sandbox.root, '.automate');
      await sandbox.writeFile('.automate/placeholder', '');
      writeOldDatabase(join(data, 'connectors.db'));
      expect(await bytesOf(data)).toContain(CANARY);
    },
  });
  expect(await bytesOf(data)).not.toContain('Canary-4711');
  expect(host.logText).toMatch(/the secrets of registered connectors were moved into the store.*open-copy/);
  expect(host.logText).not.toContain(CANARY);
  const { result } = await host.service.execute({ id: 'one', action: 'lengths' });
  expect(result).toMatchObject({ token: CANARY.length, key: CANARY.length + 4 });
  expect((await host.service.get('one')).config.settings).toEqual({
    key: 'secretref://store/connector.one/settings.key?version=1',
    plain: 'open',
  });
  expect(await host.service.listSecrets()).toHaveLength(45);
  await expect(host.service.get('described')).resolves.toMatchObject({
    config: { description: 'see https://me:[secret]@wiki.example/page', tags: ['//x:[secret]@y'] },
  });
  expect(host.host.report.warnings).toEqual([
    expect.stringMatching(
      /^the registered connector "broken" is left out: .*port: .*; what was registered is kept sealed: remove it, with "automate connectors remove broken"/,
    ),
  ]);
  const [copy = ''] = (await readdir(data)).filter((name) => /^connectors\.db\.\d+\.sealed$/.test(name));
  expect((await stat(join(data, copy))).mode & 0o777).toBe(0o600);

  const again = await host.restart();
  expect(again.logText).not.toContain('were moved into the store');
  expect(again.logText).toMatch(/the key of the stored secrets, .*, lies beside the data that it protects/);
  expect(again.host.report.warnings).toEqual([expect.stringContaining('"broken" is left out')]);
  await again.service.remove('broken');
  expect(await again.service.listSecrets()).toHaveLength(44);
  await again.host.close();
  await mustRun(process.execPath, [AUTOMATE, 'secrets', 'open-copy', join(data, copy), '--to', 'opened.db'], {
    cwd: host.sandbox.root,
    env: plainEnvironment(),
  });
  const opened = new DatabaseSync(join(host.sandbox.root, 'opened.db'));
  const rows = opened.prepare('SELECT id, config FROM connectors').all();
  opened.close();
  expect(rows).toHaveLength(ROWS.length);
  expect(rows.map(({ config }) => JSON.parse(String(config)))).toEqual(expect.arrayContaining([...ROWS]));
});
