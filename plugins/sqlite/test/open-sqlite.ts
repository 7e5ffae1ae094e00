import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@automate/sdk';
import { startConnector } from '@automate/testing';
import SqliteAdapter from '../src/sqlite-adapter.ts';

/** Connectors on database files of a temporary folder, all gone with `close`. */
export function createWorkshop() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sqlite-')));
  const running: { close(): Promise<void> }[] = [];
  return {
    folder,
    async connect(settings: JsonObject = {}) {
      const connector = await startConnector(SqliteAdapter, {
        settings: { directory: folder, file: 'test.db', create: true, ...settings },
      });
      running.push(connector);
      return connector;
    },
    async close(): Promise<void> {
      for (const each of running.splice(0)) await each.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
