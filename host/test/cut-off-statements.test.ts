import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { ConnectorError } from '@automate/contract';
import type { ExecuteResult } from '@automate/contract';
import { SandboxHost } from './fixtures/sandbox-host.ts';

const SQLITE = join(import.meta.dirname, '..', '..', 'plugins', 'sqlite');
const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)';

it('a SQLite statement that runs out of time ends, leaves nothing behind, and holds up nobody', async () => {
  await using it = await SandboxHost.open({
    kinds: [],
    serve: false,
    yaml: 'plugins: { scan: all }\n',
    prepare: (sandbox) => sandbox.linkPackage('@automate/connector-sqlite', SQLITE),
  });
  const directory = realpathSync(it.sandbox.root);
  const file = join(directory, 'notes.db');
  using outside = new DatabaseSync(file);
  outside.exec('CREATE TABLE notes (n INTEGER, text TEXT)');
  await it.writeConfig(`plugins: { scan: all }
connectors:
  - id: notes
    kind: sqlite
    settings: { directory: ${JSON.stringify(directory)}, file: notes.db, busy_timeout_ms: 200 }
    limits: { timeout: 2s }
    retry: { attempts: 1 }
`);
  await it.host.reload();
  const run = async (action: string, sql: string): Promise<ExecuteResult> => {
    try {
      return await it.service.execute({ id: 'notes', action, payload: { sql } });
    } catch (error) {
      // Its process is started again a little later each time.
      if (!ConnectorError.is(error) || error.details?.['reason'] !== 'backing_off') throw error;
      await delay(error.retryAfterMs ?? 0);
      return run(action, sql);
    }
  };
  const count = () => outside.prepare('SELECT count(*) AS rows FROM notes').get()?.['rows'];
  expect((await it.service.get('notes')).connector.isolation).toBe('process');

  await expect(run('query', `${ENDLESS} SELECT count(*) FROM n`)).rejects.toMatchObject({
    code: 'TIMEOUT',
    effect: 'none',
  });
  await expect(run('query', 'SELECT 1 AS one')).resolves.toMatchObject({ result: { rows: [{ one: 1 }] } });

  const endless = `${ENDLESS} INSERT INTO notes SELECT i, hex(randomblob(500)) FROM n`;
  await expect(run('execute', endless)).rejects.toMatchObject({ code: 'TIMEOUT' });
  // What it wrote until then is undone by whoever comes next, and its lock is gone.
  await expect(run('query', 'SELECT count(*) AS rows FROM notes')).resolves.toMatchObject({
    result: { rows: [{ rows: 0 }] },
  });
  await expect(run('execute', "INSERT INTO notes VALUES (1, 'kept')")).resolves.toMatchObject({
    result: { rows_affected: 1 },
  });
  expect(count()).toBe(1);
});
