import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { ConnectorService } from '@automate/contract';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { shown } from './fixtures/shown.ts';

const YAML = 'connectors:\n  - id: echo\n';
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const ON = { AUDIT: 'on' };

describe('a host that keeps an audit', () => {
  it.each(['grpc', 'rest', 'local'])('records calls and changes that come through the door %s', async (name) => {
    await using sandbox = await SandboxHost.open({ yaml: YAML, env: ON });
    const { grpcAddress = '', httpAddress = '' } = sandbox.host;
    const doors: Readonly<Record<string, () => Promise<ConnectorService>>> = {
      grpc: () => connect({ address: grpcAddress }),
      rest: async () => openRestBackend(httpAddress),
      local: async () => sandbox.service,
    };
    const door = await doors[name]?.();
    if (door === undefined) throw new Error(`no door ${name}`);
    const payload = '{"text":"s3cret-payload"}';
    await door.executeText({ id: 'echo', action: 'say', payload }, { traceparent: TRACE });
    await expect(door.executeText({ id: 'echo', action: 'nonsense', payload: '{}' })).rejects.toThrow('nonsense');
    await expect(door.executeText({ id: 'nobody', action: 'say', payload: '{}' })).rejects.toThrow('nobody');
    await door.register({ id: 'mine', kind: 'echo' });
    await expect(door.register({ id: 'mine', kind: 'echo' })).rejects.toThrow('exists already');
    await expect(door.update({ id: 'echo', kind: 'echo' })).rejects.toThrow('echo');
    await door.remove('mine');
    await door.list();
    const { records } = await door.listAudit();
    const who = { principal: 'local', door: expect.any(String) };
    const call = {
      ...who,
      kind: 'execute',
      operation: 'execute',
      payloadSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    };
    const change = { ...who, kind: 'change', begun: expect.any(Number) };
    const { begun: _begun, ...beginning } = change;
    expect(shown(records)).toEqual([
      {
        ...call,
        connector: 'echo',
        action: 'say',
        code: 'OK',
        attempts: 1,
        traceId: '0af7651916cd43dd8448eb211c80319c',
        payloadSha256: createHash('sha256').update(payload).digest('hex'),
      },
      { ...call, connector: 'echo', action: 'nonsense', code: 'INVALID_INPUT', attempts: expect.any(Number) },
      { ...call, connector: 'nobody', action: 'say', code: 'NOT_FOUND', attempts: 0 },
      { ...beginning, operation: 'register', connector: 'mine', code: 'BEGUN' },
      { ...change, operation: 'register', connector: 'mine', code: 'OK' },
      { ...beginning, operation: 'register', connector: 'mine', code: 'BEGUN' },
      { ...change, operation: 'register', connector: 'mine', code: 'ALREADY_EXISTS' },
      { ...beginning, operation: 'update', connector: 'echo', code: 'BEGUN' },
      { ...change, operation: 'update', connector: 'echo', code: 'INVALID_INPUT' },
      { ...beginning, operation: 'remove', connector: 'mine', code: 'BEGUN' },
      { ...change, operation: 'remove', connector: 'mine', code: 'OK' },
    ]);
    expect(JSON.stringify(records)).not.toContain('s3cret');
    const ends = records.filter(({ begun }) => begun !== undefined);
    for (const { begun, operation } of ends)
      expect(records.find(({ seq }) => seq === begun)).toMatchObject({ operation, code: 'BEGUN' });
    expect(await door.verifyAudit()).toMatchObject({
      ok: true,
      records: records.length,
      last: records[0]?.seq,
      hash: records[0]?.hash,
    });
    if (door !== sandbox.service) await door.close();
  });

  it('lists what a filter lets through, page after page', async () => {
    await using sandbox = await SandboxHost.open({ yaml: YAML, env: ON });
    const { service } = sandbox;
    for (let index = 0; index < 25; index += 1)
      await service.execute({ id: 'echo', action: 'say', payload: { text: String(index) } });
    await service.execute({ id: 'nobody', action: 'say' }).catch(() => undefined);
    const seen: number[] = [];
    let cursor: number | string | undefined;
    let pages = 0;
    do {
      const page = await service.listAudit({
        connector: 'echo',
        code: 'OK',
        limit: 10,
        ...(cursor === undefined ? {} : { cursor }),
      });
      seen.push(...page.records.map(({ seq }) => seq));
      cursor = page.next;
      pages += 1;
    } while (cursor !== undefined);
    expect({ pages, count: seen.length, inOrder: seen.toSorted((one, other) => other - one) }).toEqual({
      pages: 3,
      count: 25,
      inOrder: seen,
    });
    const oldest = await service.listAudit({ order: 'oldest', limit: 1 });
    expect(oldest).toMatchObject({ records: [{ seq: 1, operation: 'start', principal: 'host' }], next: 1 });
    const future = new Date(Date.now() + 3_600_000).toISOString();
    expect(await service.listAudit({ since: future })).toEqual({ records: [] });
    expect((await service.listAudit({ until: future, operation: 'execute', code: 'NOT_FOUND' })).records).toHaveLength(
      1,
    );
    expect((await service.listAudit({ action: 'say', principal: 'somebody' })).records).toEqual([]);
  });

  it('records what the file and the packages change', async () => {
    await using sandbox = await SandboxHost.open({ yaml: YAML, kinds: ['echo'], env: ON });
    await sandbox.writeConfig(`${YAML}  - id: second\n    kind: echo\n`);
    await sandbox.host.reload();
    await sandbox.writeConfig('connectors: nonsense\n');
    await sandbox.host.reload();
    await sandbox.sandbox.addConnector({ kind: 'late', source: 'export default class {}' });
    await sandbox.service.rescanPlugins();
    const { records } = await sandbox.service.listAudit({ limit: 1000 });
    const news = records.map(({ operation, kind, connector = '', subject = '', code }) =>
      [operation, kind, connector, subject, code].join(' '),
    );
    expect(news).toEqual(
      expect.arrayContaining([
        'reload change second added OK',
        'reload change   CONFIG_INVALID',
        expect.stringMatching(/^rescan plugin {2}\+ .*late@\d/),
        'rescanPlugins plugin   BEGUN',
        'rescanPlugins plugin   OK',
      ]),
    );
  });

  it('goes on with its chain when it starts again, and records its starts and ends', async () => {
    await using first = await SandboxHost.open({ yaml: YAML, env: ON });
    await first.service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } });
    const { host: chain } = await first.service.verifyAudit();
    await using second = await first.restart();
    await second.service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } });
    const { records } = await second.service.listAudit();
    expect(records.map(({ operation }) => operation).toReversed()).toEqual([
      'start',
      'execute',
      'stop',
      'start',
      'execute',
    ]);
    expect(await second.service.verifyAudit()).toMatchObject({ ok: true, host: chain, records: 5, first: 1 });
  });

  it('tells of it in the metrics', async () => {
    await using sandbox = await SandboxHost.open({ yaml: YAML, env: ON });
    await sandbox.service.register({ id: 'mine', kind: 'echo' });
    const text = await (await fetch(`${sandbox.host.httpAddress}/metrics`)).text();
    expect(text).toMatch(/^automate_audit_records_total 3$/m);
    expect(text).toMatch(/^automate_audit_failing 0$/m);
    expect(text).toMatch(/^automate_audit_waiting 0$/m);
  });
});

describe('a host that keeps none', () => {
  it('records nothing, makes no file and says that it is off', async () => {
    await using sandbox = await SandboxHost.open({ yaml: YAML });
    await sandbox.service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } });
    await sandbox.service.register({ id: 'mine', kind: 'echo' });
    await expect(sandbox.service.listAudit()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { reason: 'audit_off' },
    });
    expect(existsSync(join(sandbox.sandbox.root, '.automate', 'audit.db'))).toBe(false);
    expect(await (await fetch(`${sandbox.host.httpAddress}/metrics`)).text()).not.toContain('automate_audit');
  });

  it('still shows what was recorded before', async () => {
    await using first = await SandboxHost.open({ yaml: YAML, env: ON });
    await using second = await first.restart({});
    await second.service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } });
    expect((await second.service.listAudit()).records.map(({ operation }) => operation)).toEqual(['stop', 'start']);
    expect(await second.service.verifyAudit()).toMatchObject({ ok: true, records: 2 });
  });
});

it('a token and an outcome are recorded by what they are called, and what a caller calls them is cut short', async () => {
  await using sandbox = await SandboxHost.open({ yaml: YAML, env: ON });
  const { service } = sandbox;
  const { id, token } = await service.createToken({ name: 'ci', scopes: ['read'] });
  await service.revokeToken(id);
  await service.execute({ id: 'echo', action: 'say', payload: { text: 'x' }, idempotencyKey: 'key-1' });
  await service.clearOutcome('echo', 'key-1');
  const long = 'x'.repeat(5_000);
  await expect(service.execute({ id: long, action: long })).rejects.toThrow(long.slice(0, 20));
  const { records } = await service.listAudit({ order: 'oldest' });
  expect(
    records.map(({ operation, connector = '', subject = '', code }) => [operation, connector, subject, code].join(' ')),
  ).toEqual([
    expect.stringMatching(/^start/),
    'createToken  ci BEGUN',
    'createToken  ci OK',
    `revokeToken  ${id} BEGUN`,
    `revokeToken  ${id} OK`,
    'execute echo  OK',
    'clearOutcome echo key-1 BEGUN',
    'clearOutcome echo key-1 OK',
    expect.stringMatching(/^execute x{200,300}/),
  ]);
  expect(records.find(({ operation }) => operation === 'execute')).toMatchObject({ key: 'key-1' });
  expect(JSON.stringify(records)).not.toContain(token.slice(-43));
  expect(JSON.stringify(records.at(-1)).length).toBeLessThan(1_500);
});

it('a secret that is set is recorded by its name alone', async () => {
  await using sandbox = await SandboxHost.open({ yaml: YAML, env: ON });
  await sandbox.service.setSecret({ namespace: 'team', name: 'token', value: 'canary-4711-secret' });
  await sandbox.service.removeSecret({ namespace: 'team', name: 'token' });
  const { records } = await sandbox.service.listAudit();
  expect(records.map(({ operation, subject = '', code }) => [operation, subject, code].join(' ')).toReversed()).toEqual(
    [
      expect.stringMatching(/^start/),
      'setSecret team/token BEGUN',
      'setSecret team/token OK',
      'removeSecret team/token BEGUN',
      'removeSecret team/token OK',
    ],
  );
  await sandbox.host.close();
  for (const name of await readdir(join(sandbox.sandbox.root, '.automate')))
    if (name.startsWith('audit'))
      expect((await readFile(join(sandbox.sandbox.root, '.automate', name))).includes('canary-4711')).toBe(false);
});
