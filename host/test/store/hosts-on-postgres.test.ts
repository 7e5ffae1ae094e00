import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { MASKED_SECRET } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { CliProject } from '../cli/fixtures/cli-project.ts';
import { findCanaries } from '../fixtures/canary-search.ts';
import { describeWithPostgres, PASSWORD } from '../fixtures/postgres-databases.ts';

const CANARIES = {
  token: 'canary-Tok/4711+xyz',
  profile: 'canary-Pro/0815+abc',
  stored: 'canary-Sto/1234+def',
  store: PASSWORD,
};

describeWithPostgres('hosts whose store is PostgreSQL', (databases) => {
  it('find in another data directory all that a host kept that was killed', async () => {
    const url = await databases.create();
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors: [{ id: echo }]' });
    const keyFile = join(project.root, 'master.key');
    await writeFile(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    const on = (dataDir: string) => ({
      env: { STORE_URL: url, MASTER_KEY_FILE: keyFile, DATA_DIR: join(project.root, dataDir), AUDIT: 'on' },
    });
    const send = async (base: string, method: string, path: string, body?: unknown) => {
      const answer = await fetch(`${base}/api/v1${path}`, {
        method,
        ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const began = join(project.root, 'began');
    const kept = { id: 'echo', action: 'count', payload: {}, idempotencyKey: 'kept' };
    const cut = { id: 'echo', action: 'wait', payload: { began, ms: 600_000 }, idempotencyKey: 'cut' };
    const logs: string[] = [];
    {
      await using first = await project.start(on('a'));
      const { http, grpc } = first.ready;
      const registered = { id: 'registered', kind: 'echo', auth: { type: 'bearer', token: CANARIES.token } };
      await expect(send(http, 'POST', '/connectors', registered)).resolves.toMatchObject({ status: 201 });
      await expect(
        send(http, 'PUT', '/profiles/shared', { kind: 'echo', secrets: { word: CANARIES.profile } }),
      ).resolves.toMatchObject({ status: 200 });
      const set = await project.automate(['secrets', 'set', 'team/word'], { ...on('a'), input: CANARIES.stored });
      expect(set).toMatchObject({ status: 0 });
      await expect(send(http, 'POST', '/connectors/registered/pause', {})).resolves.toMatchObject({ status: 200 });
      await using service = await connect({ address: grpc });
      await expect(service.execute(kept)).resolves.toMatchObject({ replayed: false });
      const lost = service.execute(cut).catch((error: unknown) => error);
      await eventually(() => existsSync(began));
      logs.push(first.output.stdout, first.output.stderr);
      await first.end('SIGKILL');
      await lost;
    }
    await using second = await project.start(on('b'));
    const { http, grpc } = second.ready;
    await using service = await connect({ address: grpc });
    await expect(service.execute(kept)).resolves.toMatchObject({ replayed: true });
    await eventually(async () => (await service.getOutcome('echo', 'cut')).status === 'unknown');
    await expect(service.execute(cut)).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      details: { reason: 'host_ended' },
    });
    await expect(send(http, 'GET', '/connectors/registered')).resolves.toMatchObject({
      status: 200,
      body: { paused_since: expect.any(String) },
    });
    expect((await service.listProfiles()).map(({ name }) => name)).toEqual(['shared']);
    expect((await service.listSecrets()).map(({ namespace, name }) => `${namespace}/${name}`)).toContain('team/word');
    await send(http, 'POST', '/connectors/registered/resume', {});
    const leak = await service.execute({ id: 'registered', action: 'leak', payload: {} });
    // It had the secret: what is shown of one is its mask.
    expect(leak.result).toMatchObject({ secret: MASKED_SECRET });
    const [counted] = await databases.sql(
      url,
      'SELECT (SELECT count(*) FROM automate.connectors) AS connectors, (SELECT count(*) FROM automate.outcomes) AS outcomes',
    );
    expect(counted).toEqual({ connectors: '1', outcomes: '2' });
    const tables = await databases.sql(url, `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'automate'`);
    const dump: string[] = [];
    for (const { name } of tables)
      dump.push(JSON.stringify(await databases.sql(url, `SELECT t::text FROM automate.${String(name)} t`)));
    logs.push(second.output.stdout, second.output.stderr);
    const exits = [
      { name: 'tables', mark: '', text: dump.join('') },
      { name: 'logs', mark: '', text: logs.join('') },
    ];
    expect(dump.join('')).toContain('registered');
    expect(findCanaries(exits, CANARIES)).toEqual([]);
    const audit = await service.listAudit({ limit: 500 });
    expect(audit.records.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(['start', 'execute', 'resume']),
    );
    await expect(service.verifyAudit()).resolves.toMatchObject({ ok: true });
    expect(await databases.sql(url, 'SELECT count(*) AS chains FROM automate.audit_chains')).toEqual([{ chains: '2' }]);
    for (const name of ['connectors.db', 'outcomes.db', 'audit.db'])
      expect(existsSync(join(project.root, 'a', name))).toBe(false);
    await expect(readFile(join(project.root, 'b', 'host.json'), 'utf8')).resolves.toContain('127.0.0.1');
  });

  it('are examined by the doctor, who makes nothing in the database, and says what ails it', async () => {
    const url = await databases.create();
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors: [{ id: echo }]' });
    const look = async (STORE_URL: string) => {
      const env = { STORE_URL, GRPC_PORT: '0', HTTP_PORT: '0' };
      const { stdout } = await project.automate(['doctor', '--json'], { env });
      const { checks } = JSON.parse(stdout) as { checks: { check: string; state: string; message: string }[] };
      return checks.find(({ check }) => check === 'store');
    };
    const message = expect.stringMatching(/^127\.0\.0\.1:\d+\/store_\d+, PostgreSQL 1\d.*no tables yet/);
    await expect(look(url)).resolves.toMatchObject({ state: 'ok', message });
    expect(await databases.sql(url, `SELECT FROM pg_namespace WHERE nspname = 'automate'`)).toEqual([]);
    expect(await look(url.replace(/:[^:@]*@/, ':wrong@'))).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('correct the user and the password of STORE_URL'),
    });
    await expect(
      project.automate(['doctor', '--json'], { env: { STORE_URL: 'mysql://u:canary-word@h/d' } }),
    ).resolves.toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/STORE_URL: expected a URL such as (?!.*canary-word)/s),
    });
  });

  it('take up what another of them has changed, while what is the same runs on', async () => {
    const url = await databases.create();
    await using project = await CliProject.open({
      kinds: ['echo'],
      yaml: 'connectors: [{ id: echo }, { id: reader, kind: echo, auth: { type: bearer, token: "secretref://store/team/word" } }]',
    });
    const keyFile = join(project.root, 'master.key');
    await writeFile(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    const start = (DATA_DIR: string) => project.start({ env: { STORE_URL: url, MASTER_KEY_FILE: keyFile, DATA_DIR } });
    await using first = await start('a');
    await using second = await start('b');
    await using one = await connect({ address: `unix:${first.ready.socket}` });
    await using other = await connect({ address: `unix:${second.ready.socket}` });
    const greets = async (id: string) => {
      const { result } = await other.execute({ id, action: 'say', payload: { text: 'x' } });
      return (result as { greeting: string }).greeting;
    };
    const count = async () =>
      ((await other.execute({ id: 'echo', action: 'count', payload: {} })).result as { count: number }).count;
    const codeOf = (call: Promise<unknown>) =>
      call.then(
        () => 'OK',
        (error: { code: string }) => error.code,
      );
    await expect(count()).resolves.toBe(1);

    await one.register({ id: 'later', kind: 'echo', settings: { greeting: 'first' } });
    await eventually(
      () => greets('later').catch(() => ''),
      (greeting) => greeting === 'first',
    );
    await one.update({ id: 'later', kind: 'echo', settings: { greeting: 'second' } });
    await eventually(
      () => greets('later'),
      (greeting) => greeting === 'second',
    );
    await one.setProfile({ name: 'shared', kind: 'echo', settings: { greeting: 'of a profile' } });
    await one.update({ id: 'later', kind: 'echo', profile: 'shared' });
    await eventually(
      () => greets('later'),
      (greeting) => greeting === 'of a profile',
    );
    await one.pause('later');
    await eventually(
      () => codeOf(greets('later')),
      (code) => code !== 'OK',
    );
    // Of another host's, which has learned of it, it is as good as one's own.
    await other.resume('later');
    await eventually(
      () => codeOf(one.execute({ id: 'later', action: 'say', payload: { text: 'x' } })),
      (code) => code === 'OK',
    );
    await one.remove('later');
    await eventually(
      () => codeOf(greets('later')),
      (code) => code === 'NOT_FOUND',
    );

    await one.setSecret({ namespace: 'team', name: 'word', value: 'a-word-of-four' });
    const leaks = async () =>
      ((await other.execute({ id: 'reader', action: 'leak', payload: {} })).result as { secret: string }).secret;
    await eventually(
      () => leaks().catch(() => ''),
      (secret) => secret === MASKED_SECRET,
    );

    const { token, id } = await one.createToken({ name: 'ops', scopes: ['read'] });
    const ask = async () =>
      (await fetch(`${second.ready.http}/api/v1/connectors`, { headers: { authorization: `Bearer ${token}` } })).status;
    await eventually(
      () => fetch(`${second.ready.http}/api/v1/connectors`).then(({ status }) => status),
      (status) => status === 401,
    );
    await eventually(ask, (status) => status === 200);
    await one.revokeToken(id);
    await eventually(ask, (status) => status === 401);
    // None of that has started it anew.
    await expect(count()).resolves.toBe(2);
  });

  it('go on with calls without a key while the database is away, refuse the rest, and go on with all when it is back', async () => {
    const url = await databases.create();
    await using project = await CliProject.open({
      kinds: ['echo'],
      yaml: 'connectors: [{ id: echo, placement: all }]',
    });
    await using host = await project.start({ env: { STORE_URL: url, AUDIT: 'on' } });
    await using service = await connect({ address: host.ready.grpc });
    const plain = { id: 'echo', action: 'count', payload: {} };
    expect(host.output.stdout).toMatch(/the store is shared \(STORE_URL\), and the master key is this host's own/);
    await service.execute({ ...plain, idempotencyKey: 'before' });
    await databases.server.stop('SIGQUIT');
    try {
      const lost = {
        code: 'UNAVAILABLE',
        blame: 'operator',
        effect: 'none',
        details: { reason: 'store_lost' },
        message: expect.stringContaining('does not answer'),
      };
      await Promise.all([
        expect(service.execute(plain)).resolves.toMatchObject({ result: { count: 2 } }),
        expect(service.execute({ ...plain, idempotencyKey: 'after' })).rejects.toMatchObject(lost),
        expect(service.execute({ ...plain, idempotencyKey: 'before' })).rejects.toMatchObject(lost),
        expect(service.register({ id: 'new', kind: 'echo' })).rejects.toMatchObject(lost),
        expect(service.setSecret({ namespace: 'a', name: 'b', value: 'c-d-e-f' })).rejects.toMatchObject(lost),
      ]);
      await expect(service.list()).resolves.toHaveLength(1);
      await host.waitForRecord(({ event }) => event === 'store_lost');
    } finally {
      await databases.server.restart();
    }
    await host.waitForRecord(({ event }) => event === 'store_back');
    await expect(service.execute({ ...plain, idempotencyKey: 'before' })).resolves.toMatchObject({ replayed: true });
    await expect(service.execute({ ...plain, idempotencyKey: 'after' })).resolves.toMatchObject({
      result: { count: 3 },
    });
    await service.register({ id: 'new', kind: 'echo' });
    await expect(service.verifyAudit()).resolves.toMatchObject({ ok: true });
    const lines = host.output.stdout.split('\n').filter((line) => /"event":"store_(lost|back)"/.test(line));
    expect(lines).toHaveLength(2);
  });
});
