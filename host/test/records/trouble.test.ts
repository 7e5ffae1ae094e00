import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AuditVerdict } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { AUTOMATE, CliProject, plainEnvironment } from '../cli/fixtures/cli-project.ts';
import { ServingHost } from '../cli/fixtures/serving-host.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const ON = { AUDIT: 'on' };
const YAML = 'connectors:\n  - id: echo\n';
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).toReversed()) step();
});

/** Only root may mount. */
const asRoot = process.getuid?.() === 0 && process.platform === 'linux' ? it : it.skip;

function mountDisk(megabytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'audit-disk-'));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  undo.push(() => execFileSync('umount', ['-l', folder]));
  return folder;
}

/** Takes all the room that there is, and gives the function that gives it back. */
function fillDisk(disk: string): () => void {
  const filler = join(disk, 'filler');
  const descriptor = openSync(filler, 'w');
  for (let block = 4096; block > 0 && statfsSync(disk).bavail > 0;) {
    try {
      writeSync(descriptor, Buffer.alloc(block));
    } catch {
      block = Math.floor(block / 2);
    }
  }
  closeSync(descriptor);
  return () => rmSync(filler);
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function post({ ready: { http } }: ServingHost, path: string, body: object): Promise<Answer> {
  const answer = await fetch(`${http}/api/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const call = (host: ServingHost): Promise<Answer> => post(host, 'connectors/echo/actions/say', { text: 'hello' });
const register = (host: ServingHost, id: string): Promise<Answer> => post(host, 'connectors', { id, kind: 'echo' });

describe('a disk that is full', () => {
  asRoot(
    'refuses changes before they are made, lets calls go on, says so, and records them once there is room',
    async () => {
      const disk = mountDisk(6);
      await using project = await CliProject.open({ yaml: YAML, kinds: ['echo'] });
      await using host = await project.start({ env: { ...ON, DATA_DIR: disk } });
      expect((await register(host, 'before')).status).toBe(201);
      const giveBack = fillDisk(disk);
      // The journal has room of its own for a while.
      let refused: Answer;
      do refused = await register(host, `while-${Math.random().toString(36).slice(2)}`);
      while (refused.status === 201);
      expect(refused).toMatchObject({
        status: 503,
        body: {
          code: 'UNAVAILABLE',
          blame: 'operator',
          effect: 'none',
          detail: expect.stringMatching(/^nothing was changed/),
        },
      });
      const failing = await eventually(
        () => register(host, 'never'),
        ({ body }) => (body['details'] as { readonly reason?: string }).reason === 'audit_failed',
      );
      expect(failing.body['detail']).toMatch(/could not be recorded: .*audit\.db.*its disk is full: free space there/);
      expect((await call(host)).status).toBe(200);
      expect((await fetch(`${host.ready.http}/api/v1/connectors/never`)).status).toBe(404);
      // Its record goes with the next write that is tried, and has to outlast that.
      expect((await register(host, 'never')).body).toMatchObject({ details: { reason: 'audit_failed' } });
      const metrics = await (await fetch(`${host.ready.http}/metrics`)).text();
      expect(metrics).toMatch(/^automate_audit_failing 1$/m);
      giveBack();
      await eventually(
        () => register(host, 'after'),
        ({ status, body }) => status === 201 || body['code'] === 'ALREADY_EXISTS',
      );
      const list = (await (await fetch(`${host.ready.http}/api/v1/audit?limit=1000`)).json()) as {
        readonly records: readonly Record<string, unknown>[];
      };
      expect(list.records.filter(({ operation, code }) => operation === 'execute' && code === 'OK')).toHaveLength(1);
      expect(list.records.filter(({ connector, code }) => connector === 'never' && code === 'OK')).toEqual([]);
      const verdict = (await (await fetch(`${host.ready.http}/api/v1/audit/verify`)).json()) as AuditVerdict;
      expect(verdict).toMatchObject({ ok: true });
      const { stderr, stdout } = await host.end();
      expect(stdout + stderr).toContain('Until it is kept again changes are refused; calls go on');
      expect(stdout + stderr).toContain('the audit is kept again');
    },
  );
});

describe('a host that is killed', () => {
  it('has recorded every change that it acknowledged, and its chain holds', async () => {
    await using project = await CliProject.open({ yaml: YAML, kinds: ['echo'] });
    const acknowledged: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      const host = await project.start({ env: ON });
      let running = true;
      const ended: Promise<unknown>[] = [];
      const change = async (lane: number): Promise<void> => {
        for (let index = 0; running; index += 1) {
          const id = `c${round}-${lane}-${index}`;
          const { status } = await register(host, id).catch(() => ({ status: 0 }));
          if (status === 201) acknowledged.push(id);
          if (status === 0) return;
        }
      };
      const load = async (): Promise<void> => {
        while (running)
          if (
            await call(host).then(
              () => false,
              () => true,
            )
          )
            return;
      };
      ended.push(change(1), change(2), load(), load());
      const enough = acknowledged.length + 4;
      await eventually(() => acknowledged.length >= enough);
      await new Promise((resolve) => setTimeout(resolve, round * 7));
      await host.end('SIGKILL');
      running = false;
      await Promise.all(ended);
    }
    expect(acknowledged.length).toBeGreaterThan(5);
    const verdict = await project.json<{ readonly ok: boolean; readonly unsealed: number }>(['audit', 'verify']);
    expect(verdict).toMatchObject({ ok: true });
    const { stdout } = await project.automate(['audit', 'export', '--operation', 'register', '--code', 'OK']);
    const recorded = new Set(
      stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { readonly connector: string }).connector),
    );
    expect(acknowledged.filter((id) => !recorded.has(id))).toEqual([]);
    const list = await project.json<{ readonly connectors: readonly { readonly id: string }[] }>([
      'connectors',
      'list',
    ]);
    const begun = await project.automate(['audit', 'export', '--operation', 'register', '--code', 'BEGUN']);
    const known = new Set(
      begun.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { readonly connector: string }).connector),
    );
    // Whatever is in force was recorded before it was made, acknowledged or not.
    expect(list.connectors.map(({ id }) => id).filter((id) => id !== 'echo' && !known.has(id))).toEqual([]);
  }, 120_000);

  it('and whose last records were cut off afterwards says so', async () => {
    await using project = await CliProject.open({ yaml: YAML, kinds: ['echo'] });
    const host = await project.start({ env: ON });
    await register(host, 'one');
    await host.end('SIGKILL');
    const database = new DatabaseSync(join(project.root, '.automate', 'audit.db'));
    database.exec('DELETE FROM records WHERE seq = (SELECT max(seq) FROM records)');
    database.close();
    const { status, stdout } = await project.automate(['audit', 'verify']);
    expect({ status, stdout }).toEqual({ status: 1, stdout: expect.stringContaining('the end is cut off') });
    expect((await project.automate(['doctor'])).stdout).toMatch(/^failed +audit: .*the end is cut off/m);
  });
});

describe('a database that another program holds', () => {
  it('keeps calls from nothing, and changes wait for it', async () => {
    await using sandbox = await SandboxHost.open({ yaml: YAML, kinds: ['echo'], env: ON });
    await sandbox.service.register({ id: 'one', kind: 'echo' });
    const other = new DatabaseSync(join(sandbox.sandbox.root, '.automate', 'audit.db'));
    other.exec('BEGIN IMMEDIATE');
    const change = sandbox.service.register({ id: 'two', kind: 'echo' });
    const calls = Array.from({ length: 50 }, () =>
      sandbox.service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } }),
    );
    await Promise.all(calls);
    other.exec('ROLLBACK');
    other.close();
    await expect(change).resolves.toMatchObject({ id: 'two' });
    const { records } = await sandbox.service.listAudit({ operation: 'execute' });
    expect(records).toHaveLength(50);
    expect(await sandbox.service.verifyAudit()).toMatchObject({ ok: true });
  });
});

describe('a key that is lost', () => {
  const LOST = /is sealed with the master key [0-9a-f]{12}, which is not there: give the key back.*move .*audit\.db /;

  it('keeps a host that records from starting, which says what to do; with the key back all goes on', async () => {
    await using first = await SandboxHost.open({ yaml: YAML, kinds: ['echo'], env: ON });
    await first.service.register({ id: 'one', kind: 'echo' });
    const { host: chain } = await first.service.verifyAudit();
    const keys = join(first.sandbox.root, '.automate', 'keys');
    await first.host.close();
    renameSync(keys, `${keys}.kept`);
    await expect(first.restart()).rejects.toMatchObject({
      name: 'HostConfigError',
      message: expect.stringMatching(LOST),
    });
    // Where nothing is recorded it starts, and whoever verifies is told.
    const silent = await first.restart({});
    try {
      expect((await silent.service.verifyAudit()).fault?.message).toMatch(
        /^the table "chain" is sealed with the key "[0-9a-f]{12}", which is not there; there is none$/,
      );
    } finally {
      await silent.host.close();
    }
    rmSync(keys, { recursive: true, force: true });
    renameSync(`${keys}.kept`, keys);
    await using second = await first.restart();
    await second.service.register({ id: 'two', kind: 'echo' });
    expect(await second.service.verifyAudit()).toMatchObject({ ok: true, host: chain });
  });

  it('begins a new chain where the old one was moved away', async () => {
    await using first = await SandboxHost.open({ yaml: YAML, kinds: ['echo'], env: ON });
    const { host: chain } = await first.service.verifyAudit();
    const data = join(first.sandbox.root, '.automate');
    await first.host.close();
    rmSync(join(data, 'keys'), { recursive: true });
    for (const name of ['audit.db', 'audit.db-head']) renameSync(join(data, name), join(data, `old-${name}`));
    await using second = await first.restart();
    const verdict = await second.service.verifyAudit();
    expect(verdict).toMatchObject({ ok: true, first: 1 });
    expect(verdict.host).not.toBe(chain);
  });
});

describe('a thread of the audit that dies', () => {
  it.each(['before', 'after'])(
    '%s it has written loses no record, writes none twice, and others go on',
    async (when) => {
      await using project = await CliProject.open({ kinds: ['echo'], yaml: YAML });
      const mark = join(project.root, 'die');
      await using host = await ServingHost.start({
        command: process.execPath,
        args: ['--import', join(import.meta.dirname, 'fixtures', 'dying-audit.mjs'), AUTOMATE, 'start'],
        cwd: project.root,
        env: {
          ...plainEnvironment(),
          ...ON,
          GRPC_PORT: '0',
          HTTP_PORT: '0',
          LOG_FORMAT: 'json',
          DIE_AT: mark,
          DIE: when,
        },
      });
      await eventually(async () => (await call(host)).status === 200);
      writeFileSync(mark, '');
      const calls = await Promise.all(Array.from({ length: 20 }, () => call(host)));
      expect(calls.map(({ status }) => status)).toEqual(calls.map(() => 200));
      await eventually(() => !existsSync(mark));
      // What was refused meanwhile is taken again.
      await eventually(async () => (await register(host, 'one')).status === 201);
      expect(host.output.stdout).toMatch(/"event":"audit_failed"/);
      const listed = await project.json<{ records: { operation: string }[] }>(['audit', 'list', '--limit', '1000']);
      const executed = listed.records.filter(({ operation }) => operation === 'execute');
      expect(executed.length).toBeGreaterThan(20);
      expect((await project.automate(['audit', 'verify'])).status).toBe(0);
      const made = await (await fetch(`${host.ready.http}/metrics`)).text();
      const calls2 = /automate_calls_total\{connector="echo",action="say",code="OK",blame="none"\} (\d+)/.exec(made);
      expect(executed).toHaveLength(Number(calls2?.[1]));
    },
  );
});
