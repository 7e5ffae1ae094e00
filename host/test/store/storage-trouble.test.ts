import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CliProject } from '../cli/fixtures/cli-project.ts';
import type { ServingHost } from '../cli/fixtures/serving-host.ts';

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).toReversed()) step();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'storage-'));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file system of its own, of so many megabytes. */
function mountDisk(megabytes: number): string {
  const folder = newFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  undo.push(() => execFileSync('umount', ['-l', folder]));
  return folder;
}

/** Only root may mount. */
const asRoot = process.getuid?.() === 0 && process.platform === 'linux' ? it : it.skip;

async function register(host: ServingHost, id: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`${host.ready.http}/api/v1/connectors`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, kind: 'echo', description: 'x'.repeat(2000) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function idsOf(host: ServingHost): Promise<readonly string[]> {
  const answer = await fetch(`${host.ready.http}/api/v1/connectors`);
  const { connectors } = (await answer.json()) as { readonly connectors: readonly { readonly id: string }[] };
  return connectors.map(({ id }) => id);
}

function refused(reason: string, file: string, remedy: RegExp): object {
  return {
    status: 503,
    body: {
      code: 'UNAVAILABLE',
      blame: 'operator',
      effect: 'none',
      detail: expect.stringMatching(remedy),
      details: { reason, file },
    },
  };
}

describe('a host whose storage', () => {
  asRoot('is full says so, with the file and the remedy, and stores again once there is room', async () => {
    const disk = mountDisk(4);
    await using project = await CliProject.open({ kinds: ['echo'] });
    await using host = await project.start({ env: { DATA_DIR: disk } });
    expect((await register(host, 'before')).status).toBe(201);
    const filler = join(disk, 'filler');
    const descriptor = openSync(filler, 'w');
    for (let block = 4096; block > 0 && statfsSync(disk).bavail > 0;) {
      try {
        writeSync(descriptor, Buffer.alloc(block));
      } catch {
        block = 0;
      }
    }
    closeSync(descriptor);
    expect(await register(host, 'during')).toMatchObject(
      refused('storage_full', join(disk, 'connectors.db'), /"during" cannot be stored: .*is full: free space/),
    );
    expect(await idsOf(host)).toEqual(['before']);
    rmSync(filler);
    expect((await register(host, 'after')).status).toBe(201);
    expect(await idsOf(host)).toEqual(['after', 'before']);
  });

  it('is locked by another program says so after a while, and does all else meanwhile', async () => {
    await using project = await CliProject.open({ kinds: ['echo'] });
    const directory = newFolder();
    await using host = await project.start({ env: { DATA_DIR: directory } });
    const file = join(directory, 'connectors.db');
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    const registering = register(host, 'one');
    let answered = 0;
    const slowest = { ms: 0 };
    const isOver = registering.then(() => true);
    while (!(await Promise.race([isOver, delay(20, false)]))) {
      const from = performance.now();
      expect((await fetch(`${host.ready.http}/health/live`)).status).toBe(200);
      slowest.ms = Math.max(slowest.ms, performance.now() - from);
      answered += 1;
    }
    expect(await registering).toMatchObject(refused('storage_busy', file, /another program holds it locked/));
    expect(answered).toBeGreaterThan(20);
    expect(slowest.ms).toBeLessThan(3000);
    const waiting = register(host, 'two');
    await delay(200);
    other.exec('ROLLBACK');
    other.close();
    expect((await waiting).status).toBe(201);
  });

  it.each(['{"broken', '5', 'null'])(
    'holds a row that was changed to %s leaves that one out, and says how to mend it',
    async (text) => {
      await using project = await CliProject.open({ kinds: ['echo'] });
      const directory = newFolder();
      const env = { DATA_DIR: directory };
      {
        await using host = await project.start({ env });
        for (const id of ['bad', 'good']) expect((await register(host, id)).status).toBe(201);
        await host.end();
      }
      const file = join(directory, 'connectors.db');
      const database = new DatabaseSync(file);
      database.exec('PRAGMA ignore_check_constraints = ON');
      database.prepare("UPDATE connectors SET config = ? WHERE id = 'bad'").run(text);
      database.close();
      await using host = await project.start({ env });
      expect(await idsOf(host)).toEqual(['good']);
      const { warnings } = host.ready as unknown as { readonly warnings: readonly string[] };
      expect(warnings.join('\n')).toContain(
        `the registered connector "bad" is left out: its row in the table "connectors" of ${file} holds no JSON object: remove it, with "automate connectors remove bad", and register it anew`,
      );
      expect(await project.automate(['connectors', 'remove', 'bad'], { env })).toMatchObject({ status: 0 });
      expect((await register(host, 'bad')).status).toBe(201);
      expect(await project.automate(['connectors', 'remove', 'none'], { env })).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/^NOT_FOUND/),
      });
    },
  );
});

describe('a host that starts', () => {
  async function start(directory: string): Promise<{ readonly status: number | null; readonly stderr: string }> {
    await using project = await CliProject.open({ kinds: ['echo'] });
    const env = { DATA_DIR: directory, GRPC_PORT: '0', HTTP_PORT: '0' };
    return await project.automate(['start'], { env });
  }

  asRoot('on a file system that is mounted for reading says so', async () => {
    const disk = mountDisk(4);
    const directory = join(disk, 'data');
    mkdirSync(directory, { mode: 0o700 });
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    const { status, stderr } = await start(directory);
    expect(status).toBe(1);
    expect(stderr).toMatch(/UNAVAILABLE: .*\/data\/host\.lock: it cannot be (written|opened)/);
    expect(stderr).toMatch(/name another directory with DATA_DIR/);
  });

  it.each([
    ['damaged', Buffer.from('SQLite format 3\0'.padEnd(4096, 'x')), /it is damaged, or no database: restore it/],
    ['no database', Buffer.from('this is something else'.repeat(100)), /it is damaged, or no database: restore it/],
  ])('on a database that is %s says so, with the file', async (_what, content, remedy) => {
    const directory = newFolder();
    const file = join(directory, 'connectors.db');
    writeFileSync(file, content);
    const { status, stderr } = await start(directory);
    expect(status).toBe(1);
    expect(stderr).toContain(`UNAVAILABLE: the registered connectors cannot be read: ${file}: `);
    expect(stderr).toMatch(remedy);
  });

  it('on a directory that cannot be says so', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    const { status, stderr } = await start(join(folder, 'file', 'data'));
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /UNAVAILABLE: the data directory cannot be used: .*\/file\/data: it cannot be opened: see that its directory/,
    );
  });
});
