import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres, PASSWORD } from '../fixtures/postgres-databases.ts';
import { CliProject } from './fixtures/cli-project.ts';

interface Moved {
  readonly tables: readonly {
    readonly name: string;
    readonly rows: number;
    readonly copied: number;
    readonly sha256: string;
  }[];
  readonly audit_left?: string;
}

describeWithPostgres('automate store migrate', (databases) => {
  it('takes all that a host keeps to PostgreSQL and back, and the host goes on there', async () => {
    const url = await databases.create();
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors: [{ id: echo }]' });
    const keyFile = join(project.root, 'master.key');
    await writeFile(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    const data = join(project.root, '.automate');
    const env = { MASTER_KEY_FILE: keyFile, AUDIT: 'on' };
    const shared = { ...env, STORE_URL: url };
    const keyed = { id: 'echo', action: 'count', payload: {}, idempotencyKey: 'k' };
    const executions: string[] = [];
    const countsOf = ({ tables }: Moved) => Object.fromEntries(tables.map(({ name, rows }) => [name, rows]));
    {
      await using host = await project.start({ env });
      await using service = await connect({ address: host.ready.grpc });
      for (let index = 0; index < 3; index += 1)
        await service.register({
          id: `c${index}`,
          kind: 'echo',
          auth: { type: 'bearer', token: `token-${index}-4711` },
        });
      await service.setProfile({ name: 'p', kind: 'echo', secrets: { word: 'a-secret-word' } });
      await service.setSecret({ namespace: 'team', name: 'word', value: 'another-word' });
      await service.pause('c0');
      const at = { id: 'echo', action: 'say', payload: { text: 'at night' }, cron: '0 3 * * *' };
      await service.setSchedule({ name: 'nightly', ...at });
      await service.execute(keyed);
      await service.healthCheck('echo');
      expect((await service.listHealthHistory('echo')).every((finding) => !('host' in finding))).toBe(true);
      for (const text of ['one', 'two'])
        executions.push((await service.startExecution({ id: 'echo', action: 'say', payload: { text } })).id);
      await eventually(async () => (await service.getExecution(executions[1] ?? '')).status === 'succeeded');
      const { stderr, status } = await project.automate(['store', 'migrate'], { env: shared });
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringMatching(/a host runs on .*\.automate: stop it first/),
      });
    }
    const before = readFileSync(join(data, 'connectors.db'));
    const moved = await project.json<Moved>(['store', 'migrate'], { env: shared });
    expect(countsOf(moved)).toMatchObject({
      connectors: 3,
      profiles: 1,
      overlays: 1,
      secrets: 5,
      tokens: 0,
      outcomes: 1,
      executions: 2,
      schedules: 1,
      audit_chains: 1,
    });
    expect(countsOf(moved)['audit_records']).toBeGreaterThan(5);
    expect(countsOf(moved)['health_findings']).toBeGreaterThan(0);
    expect(moved.tables.every(({ rows, copied }) => rows === copied)).toBe(true);
    expect(readFileSync(join(data, 'connectors.db'))).toEqual(before);
    // What an ended run has copied is not copied again.
    await databases.sql(
      url,
      `DELETE FROM automate.connectors WHERE id = 'c1'; DELETE FROM automate.secrets WHERE namespace = 'team'`,
    );
    const again = await project.json<Moved>(['store', 'migrate'], { env: shared });
    expect(again.tables.filter(({ copied }) => copied > 0).map(({ name, copied }) => [name, copied])).toEqual([
      ['connectors', 1],
      ['secrets', 1],
    ]);
    expect(again.tables.map(({ sha256 }) => sha256)).toEqual(moved.tables.map(({ sha256 }) => sha256));
    {
      await using host = await project.start({ env: shared });
      await using service = await connect({ address: host.ready.grpc });
      await expect(service.execute(keyed)).resolves.toMatchObject({ replayed: true });
      expect(host.output.stdout).toMatch(
        /connectors\.db has what was kept there before STORE_URL was set, and is not used/,
      );
      expect(host.output.stdout).not.toMatch(/the master key is this host's own/);
      expect(await service.listSchedules()).toMatchObject([{ name: 'nightly', nextAt: expect.any(String) }]);
      expect(await databases.sql(url, 'SELECT payload IS NULL AS lost FROM automate.schedules')).toEqual([
        { lost: false },
      ]);
      expect((await service.list()).map(({ id }) => id).toSorted()).toEqual(['c0', 'c1', 'c2', 'echo']);
      await expect(service.execute({ id: 'c1', action: 'count', payload: {} })).resolves.toMatchObject({
        result: { count: 1 },
      });
      await expect(service.verifyAudit()).resolves.toMatchObject({ ok: true, first: 1 });
      expect(await service.listHealthHistory('echo')).toContainEqual(expect.objectContaining({ by: 'check' }));
      await expect(service.getExecution(executions[0] ?? '')).resolves.toMatchObject({
        status: 'succeeded',
        result: { text: 'one' },
      });
      executions.push((await service.startExecution({ id: 'echo', action: 'say', payload: { text: 'three' } })).id);
      await eventually(async () => (await service.getExecution(executions[2] ?? '')).status === 'succeeded');
      await service.setProfile({ name: 'later', kind: 'echo' });
      const { status, stderr } = await project.automate(
        ['store', 'migrate', '--from', 'STORE_URL', '--to', join(project.root, 'other')],
        { env: shared },
      );
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringMatching(/in use by a host: stop every host/),
      });
      expect(await host.end()).toMatchObject({ status: 0 });
    }
    const conflict = await project.automate(['store', 'migrate'], { env: shared });
    expect(conflict).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/holds something else already, profiles later/),
    });
    const back = join(project.root, 'back');
    const left = await project.json<Moved>(['store', 'migrate', '--from', 'STORE_URL', '--to', back], { env: shared });
    expect(left.audit_left).toMatch(/belongs to no host of that store/);
    copyFileSync(join(data, 'host-id'), join(back, 'host-id'));
    copyFileSync(join(data, 'audit-head'), join(back, 'audit-head'));
    const whole = await project.json<Moved>(['store', 'migrate', '--from', 'STORE_URL', '--to', back], { env: shared });
    expect(countsOf(whole)).toMatchObject({
      connectors: 3,
      profiles: 2,
      secrets: 5,
      outcomes: 1,
      executions: 3,
      schedules: 1,
      audit_chains: 1,
    });
    const here = { env: { ...env, DATA_DIR: back } };
    expect(await project.json(['audit', 'verify'], here)).toMatchObject({ ok: true });
    await using service = await project.start(here);
    await using client = await connect({ address: service.ready.grpc });
    await expect(client.execute(keyed)).resolves.toMatchObject({ replayed: true });
  });

  it('takes what hosts share from one database to another, with the audits of all', async () => {
    const [from, to] = [await databases.create(), await databases.create()];
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors: [{ id: echo }]' });
    for (const DATA_DIR of ['a', 'b']) {
      const env = { STORE_URL: from, AUDIT: 'on', DATA_DIR };
      expect(
        await project.automate(['connectors', 'register', '--input', JSON.stringify({ id: DATA_DIR, kind: 'echo' })], {
          env,
        }),
      ).toMatchObject({ status: 0 });
    }
    const bare = to.replace(/:[^:@]*@/, '@');
    const env = { STORE_URL: from, PGPASSWORD: PASSWORD };
    const moved = await project.json<Moved>(['store', 'migrate', '--from', 'STORE_URL', '--to', bare], { env });
    expect(moved.tables.map(({ name, rows }) => [name, rows])).toEqual(
      expect.arrayContaining([
        ['connectors', 2],
        ['audit_chains', 2],
      ]),
    );
    const inClear = await project.automate(['store', 'migrate', '--from', 'STORE_URL', '--to', to], { env });
    expect(inClear).toMatchObject({ status: 2, stderr: expect.stringMatching(/the password is no argument/) });
    expect(inClear.stderr).not.toContain(encodeURIComponent(PASSWORD));
  });

  it('lets nobody use a store that has only a part of what is copied there, until all of it is', async () => {
    const url = await databases.create();
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors: []' });
    const [shared, back] = [{ STORE_URL: url }, { DATA_DIR: join(project.root, 'back') }];
    const entry = { id: 'c0', kind: 'echo', auth: { type: 'bearer', token: 'token-of-c0-4711' } };
    await project.json(['connectors', 'register', '--input', JSON.stringify(entry)]);
    for (const env of [shared, back]) await project.json(['connectors', 'list'], { env });
    const toBack = ['store', 'migrate', '--from', 'STORE_URL', '--to', back.DATA_DIR];
    const expectRefused = async (args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> => {
      const { status, stdout, stderr } = await project.automate(args, { env });
      expect({ args, status }).not.toEqual({ args, status: 0 });
      expect(stdout + stderr).toMatch(/has only a part of what .* has.*say that again, and it goes on/);
    };

    // Connectors are copied before secrets, which the database refuses.
    await databases.sql(url, 'ALTER TABLE automate.secrets ADD CONSTRAINT none CHECK (false)');
    expect(await project.automate(['store', 'migrate'], { env: shared })).not.toMatchObject({ status: 0 });
    expect(await databases.sql(url, 'SELECT id FROM automate.connectors')).toEqual([{ id: 'c0' }]);
    await expectRefused(['connectors', 'list'], shared);
    await expectRefused(['start'], { ...shared, GRPC_PORT: '0', HTTP_PORT: '0' });
    await expectRefused(['doctor'], shared);
    await expectRefused(toBack, shared);
    await databases.sql(url, 'ALTER TABLE automate.secrets DROP CONSTRAINT none');
    await project.json(['store', 'migrate'], { env: shared });
    expect(await project.json(['connectors', 'list'], { env: shared })).toMatchObject({
      connectors: [{ id: 'c0' }],
    });

    const file = join(back.DATA_DIR, 'connectors.db');
    const alter = (statement: string): void => {
      using database = new DatabaseSync(file);
      database.exec(statement);
    };
    alter("CREATE TRIGGER none BEFORE INSERT ON secrets BEGIN SELECT RAISE(ABORT, 'none'); END");
    expect(await project.automate(toBack, { env: shared })).not.toMatchObject({ status: 0 });
    await expectRefused(['connectors', 'list'], back);
    await expectRefused(['start'], { ...back, GRPC_PORT: '0', HTTP_PORT: '0' });
    alter('DROP TRIGGER none');
    await project.json(toBack, { env: shared });
    expect(await project.json(['connectors', 'get', 'c0'], { env: back })).toMatchObject({ id: 'c0' });
  });

  it('refuses a directory whose tables this host did not make, and reads nothing into one that is not there', async () => {
    const url = await databases.create();
    await using project = await CliProject.open({ kinds: ['echo'] });
    const env = { STORE_URL: url };
    const absent = join(project.root, 'absent');
    expect(await project.automate(['store', 'migrate', '--from', absent], { env })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is not there'),
    });
    expect(existsSync(absent)).toBe(false);
    await project.automate(['connectors', 'list']);
    const database = new DatabaseSync(join(project.root, '.automate', 'connectors.db'));
    database.exec('PRAGMA user_version = 3');
    database.close();
    expect(await project.automate(['store', 'migrate'], { env })).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/is of version 3, and this host knows \d+: start a host/),
    });
  });
});
