import { execFileSync, fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@automate/sdk';
import { describe } from '@jest/globals';
import type { Connector } from '../../../packages/sql/test/outcome-cases.ts';
import { itTellsOutcomesTruly } from '../../../packages/sql/test/outcome-cases.ts';
import { createWorkshop } from './open-sqlite.ts';

const workshop = createWorkshop();
const path = join(workshop.folder, 'test.db');
const running: ChildProcess[] = [];

/** Runs a statement in another program. */
async function see(sql: string): Promise<object[]> {
  const script = `const { DatabaseSync } = require('node:sqlite');
    console.log(JSON.stringify(new DatabaseSync(process.argv[1], { timeout: 5000 }).prepare(process.argv[2]).all()))`;
  return JSON.parse(execFileSync(process.execPath, ['-e', script, path, sql], { encoding: 'utf8' })) as object[];
}

/** A connector that can be killed. What it was asked and has not answered is then not known. */
function startProcess(): Connector {
  const settings = { directory: workshop.folder, file: 'test.db', create: true, busy_timeout_ms: 50 };
  const program = fileURLToPath(new URL('serve-connector.mjs', import.meta.url));
  const child = fork(program, [JSON.stringify(settings)], { execArgv: [] });
  running.push(child);
  const waiting = new Map<number, PromiseWithResolvers<JsonObject>>();
  let last = 0;
  child.on('message', ({ id, result, error }: { id: number; result?: JsonObject; error?: JsonObject }) => {
    if (result === undefined) waiting.get(id)?.reject(error);
    else waiting.get(id)?.resolve(result);
    waiting.delete(id);
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject({ effect: 'maybe' });
  });
  return {
    call(action, input = {}) {
      const answer = Promise.withResolvers<JsonObject>();
      last += 1;
      waiting.set(last, answer);
      child.send({ id: last, action, input }, (error) => {
        if (error !== null) answer.reject({ effect: 'none' });
      });
      return answer.promise;
    },
    health: () => Promise.reject(new Error('is not asked here')),
  };
}

describe('the outcomes of SQLite', () => {
  itTellsOutcomesTruly({
    async open() {
      await see('CREATE TABLE mark (id INTEGER PRIMARY KEY)');
      return startProcess();
    },
    async close() {
      for (const child of running) if (child.kill('SIGKILL')) await once(child, 'exit');
      await workshop.close();
    },
    see,
    tooLarge: (id) => `INSERT INTO mark (id) VALUES (${id}) RETURNING id, hex(zeroblob(1500000)) AS much`,
    async interrupt() {
      running[0]?.kill('SIGKILL');
      return startProcess();
    },
    async whileLocked(_id, work) {
      const other = new DatabaseSync(path);
      other.exec('BEGIN IMMEDIATE');
      try {
        await work();
      } finally {
        other.close();
      }
    },
  });
});
