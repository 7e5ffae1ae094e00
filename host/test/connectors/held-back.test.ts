import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { ConnectorEvent } from '@automate/contract';
import type { SandboxConnector } from '@automate/testing';
import { count, entry, ENTRY, infoOf, openHost, release, source } from '../fixtures/counting-host.ts';

const AUTOMATE = join(import.meta.dirname, '..', '..', 'bin', 'automate.js');

const BROKEN: ReadonlyArray<readonly [what: string, spec: Partial<SandboxConnector>, reason: RegExp, status: string]> =
  [
    [
      'throws at import',
      { source: source({ atImport: "throw new Error('a broken build');" }) },
      /broken build/,
      'held_back',
    ],
    [
      'refuses the settings',
      { source: source({ check: "return { issues: [{ message: 'word is gone', path: ['word'] }] };" }) },
      /word is gone/,
      'held_back',
    ],
    ['cannot connect', { source: source({ connect: "throw new Error('no way');" }) }, /no way/, 'held_back'],
    [
      'recommends a level at which it lacks what it asks for',
      { manifest: { recommendedIsolation: 'restricted', permissions: { network: ['a:1'] } } },
      /not granted/,
      'held_back',
    ],
    ['exits', { source: source({ connect: 'process.exit(1);' }) }, /exit/, 'held_back'],
    ['is not for this host', { engines: '^9.0.0' }, /host/, 'rejected'],
    ['lacks its entry', { manifest: { entry: './gone.js' } }, /gone\.js|problem/, 'problem'],
  ];

describe('a new version of a package', () => {
  it.each(BROKEN)('that %s is held back, and the old one goes on', async (_what, spec, reason, status) => {
    await using it = await openHost();
    await it.service.healthCheck('one');
    expect(await count(it)).toEqual({ count: 1, word: 'kept' });
    await release(it, { version: '2.0.0', ...spec });
    const report = await it.service.rescanPlugins();
    expect(report.plugins.map((plugin) => plugin.status)).toEqual([status]);
    await expect(it.service.plugins()).resolves.toMatchObject({ plugins: [{ status }] });
    // The very worker that counted before.
    expect(await count(it)).toEqual({ count: 2, word: 'kept' });
    expect(await infoOf(it)).toMatchObject({
      status: 'healthy',
      lastError: '',
      heldBack: expect.stringMatching(reason),
    });
    expect(it.logText).toMatch(/"level":"?(warn|40)"?.*"event":"held_back"/);
    await release(it, { version: '2.0.1' });
    await expect(it.service.rescanPlugins()).resolves.toMatchObject({ plugins: [{ status: 'admitted' }] });
    expect(await count(it)).toEqual({ count: 1, word: 'kept' });
    expect((await infoOf(it)).heldBack).toBeUndefined();
  });

  it('that cannot connect is held back where calls are answered, though no health check ever asked', async () => {
    await using it = await openHost(
      'connectors:\n  - { id: one, kind: counting, settings: { word: kept }, health_check: { enabled: false } }\n',
    );
    expect(await count(it)).toEqual({ count: 1, word: 'kept' });
    await release(it, { version: '2.0.0', source: source({ connect: "throw new Error('no way');" }) });
    await expect(it.service.rescanPlugins()).resolves.toMatchObject({ plugins: [{ status: 'held_back' }] });
    expect(await count(it)).toEqual({ count: 2, word: 'kept' });
  });

  it('that is held back is told to watchers, with the reason', async () => {
    await using it = await openHost();
    await it.service.healthCheck('one');
    const leaving = new AbortController();
    const told: ConnectorEvent[] = [];
    const watching = (async () => {
      for await (const event of it.service.watch({ signal: leaving.signal })) told.push(event);
    })();
    await release(it, { version: '2.0.0', source: source({ connect: "throw new Error('no way');" }) });
    await it.service.rescanPlugins();
    leaving.abort();
    await watching;
    const synced = told.findIndex(({ kind }) => kind === 'synced');
    expect(told.slice(synced + 1)).toMatchObject([
      { kind: 'updated', connector: { id: 'one', status: 'healthy', heldBack: expect.stringMatching(/no way/) } },
    ]);
  });

  it('that is held back ends "plugins check" with 1 and its reason', async () => {
    await using it = await openHost(ENTRY, true);
    await it.service.healthCheck('one');
    await release(it, { version: '2.0.0', source: source({ connect: "throw new Error('no way');" }) });
    const { code, said } = await new Promise<{ code: unknown; said: string }>((resolve) => {
      execFile(process.execPath, [AUTOMATE, 'plugins', 'check'], { cwd: it.sandbox.root }, (error, out, err) =>
        resolve({ code: error?.code, said: out + err }),
      );
    });
    expect([code, said]).toEqual([1, expect.stringMatching(/held_back.*no way/)]);
    const metrics = await (await fetch(`${it.host.httpAddress}/metrics`)).text();
    expect(metrics).toContain('automate_connector_held_back{connector="one"} 1');
  });

  it('takes over for those connectors that it serves as well, and is held back for the others', async () => {
    await using it = await openHost(`${ENTRY}  - { id: two, kind: counting, settings: { word: other } }\n`);
    await it.service.healthCheckAll();
    expect([await count(it), await count(it, 'two')]).toEqual([
      { count: 1, word: 'kept' },
      { count: 1, word: 'other' },
    ]);
    const check = "return value.word === 'other' ? { value } : { issues: [{ message: 'only other' }] };";
    await release(it, { version: '2.0.0', source: source({ check }) });
    await it.service.rescanPlugins();
    expect([await count(it), await count(it, 'two')]).toEqual([
      { count: 2, word: 'kept' },
      { count: 1, word: 'other' },
    ]);
    await expect(it.service.describe('two')).resolves.toMatchObject({ package: { version: '2.0.0' } });
    await expect(it.service.describe('one')).resolves.toMatchObject({ package: { version: '1.0.0' } });
  });

  it('is reported with every connector that goes on without it', async () => {
    await using it = await openHost(`${ENTRY}  - { id: two, kind: counting, settings: { word: other } }\n`);
    await it.service.healthCheckAll();
    await release(it, { version: '2.0.0', source: source({ connect: "throw new Error('no way');" }) });
    const { plugins } = await it.service.rescanPlugins();
    expect(plugins).toMatchObject([{ status: 'held_back', message: expect.stringMatching(/"one" .*; .*"two" /) }]);
  });

  it('is told apart from a copy of its package that it hides', async () => {
    await using it = await openHost(`plugins: { paths: [more] }\n${ENTRY}`);
    await it.service.healthCheck('one');
    await it.sandbox.writeFile(
      'more/node_modules/connector-counting/package.json',
      JSON.stringify({
        name: 'connector-counting',
        version: '0.9.0',
        automate: { connectors: { counting: { entry: './adapter.js' } } },
      }),
    );
    await release(it, { version: '2.0.0', source: source({ connect: "throw new Error('no way');" }) });
    const { plugins } = await it.service.rescanPlugins();
    expect(plugins.map(({ version, status, reason }) => [version, status, reason])).toEqual([
      ['0.9.0', 'rejected', 'shadowed'],
      ['2.0.0', 'held_back', undefined],
    ]);
  });

  it('takes the place of one that is broken, whatever it is itself', async () => {
    await using it = await openHost(entry(', unreachable: true'));
    await expect(it.service.healthCheck('one')).resolves.toMatchObject({ healthy: false });
    await release(it, { version: '2.0.0' });
    await it.service.rescanPlugins();
    await expect(it.service.describe('one')).resolves.toMatchObject({ package: { version: '2.0.0' } });
    expect((await infoOf(it)).heldBack).toBeUndefined();
  });

  it('that does not even start takes the place of none that runs, however unwell that one is', async () => {
    await using it = await openHost(entry(', unreachable: true'));
    await expect(it.service.healthCheck('one')).resolves.toMatchObject({ healthy: false });
    await release(it, { version: '2.0.0', source: source({ atImport: "throw new Error('a broken build');" }) });
    await expect(it.service.rescanPlugins()).resolves.toMatchObject({ plugins: [{ status: 'held_back' }] });
    await expect(it.service.describe('one')).resolves.toMatchObject({ package: { version: '1.0.0' } });
    expect(await infoOf(it)).toMatchObject({ heldBack: expect.stringMatching(/a broken build/) });
  });

  it('is tried out beside as many others as wait for each other', async () => {
    const ids = ['one', 'two', 'three', 'four', 'five'];
    const entries = ids.map((id) => `  - { id: ${id}, kind: counting, settings: { word: ${id} } }\n`);
    await using it = await openHost(`connectors:\n${entries.join('')}`);
    await it.service.healthCheckAll();
    const signs = join(it.sandbox.root, 'signs');
    await mkdir(signs);
    const connect = `
      const { readdirSync, writeFileSync } = await import('node:fs');
      writeFileSync(${JSON.stringify(`${signs}/`)} + this.context.settings.word, '');
      while (readdirSync(${JSON.stringify(signs)}).length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
      return true;`;
    await release(it, { version: '2.0.0', source: source({ connect }) });
    await it.service.rescanPlugins();
    for (const id of ids)
      await expect(it.service.describe(id)).resolves.toMatchObject({ package: { version: '2.0.0' } });
  });

  it('is described where no worker runs, though the old one was described before', async () => {
    await using it = await openHost();
    await expect(it.service.describe('one')).resolves.toMatchObject({ package: { version: '1.0.0' } });
    await release(it, { version: '2.0.0' });
    await it.service.rescanPlugins();
    await expect(it.service.describe('one')).resolves.toMatchObject({ package: { version: '2.0.0' } });
  });

  it('is not taken by reading the file again, which looks for no packages', async () => {
    await using it = await openHost();
    expect(await count(it)).toEqual({ count: 1, word: 'kept' });
    await release(it, { version: '2.0.0' });
    await expect(it.host.reload()).resolves.toMatchObject({ ok: true, updated: [] });
    expect(await count(it)).toEqual({ count: 2, word: 'kept' });
  });

  it('that fails is listed with its reason by a host that starts with it', async () => {
    await using it = await openHost();
    await release(it, { version: '2.0.0', source: source({ atImport: "throw new Error('a broken build');" }) });
    await using next = await it.restart();
    await expect(next.service.healthCheck('one')).resolves.toMatchObject({ healthy: false });
    expect(await infoOf(next)).toMatchObject({ lastError: expect.stringMatching(/broken build/) });
  });
});

describe('a package that is removed', () => {
  it('is wanted gone', async () => {
    await using it = await openHost();
    expect(await count(it)).toEqual({ count: 1, word: 'kept' });
    await it.sandbox.removePackage('connector-counting');
    await it.service.rescanPlugins();
    await expect(count(it)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('an update over the API', () => {
  it('with which a connector that is healthy could not connect is refused, and changes nothing', async () => {
    await using it = await openHost('connectors: []\n');
    await it.service.register({ id: 'api', kind: 'counting', settings: { word: 'kept' } });
    await it.service.healthCheck('api');
    expect(await count(it, 'api')).toEqual({ count: 1, word: 'kept' });
    await expect(
      it.service.update({ id: 'api', kind: 'counting', settings: { unreachable: true } }),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID', details: { reason: 'held_back' } });
    expect(await count(it, 'api')).toEqual({ count: 2, word: 'kept' });
    await using next = await it.restart();
    expect(await count(next, 'api')).toEqual({ count: 1, word: 'kept' });
  });
});

describe('a change that is tried out', () => {
  it('does not keep the host from closing', async () => {
    await using it = await openHost(ENTRY.replace('kind: counting', 'kind: counting, limits: { start_timeout: 10m }'));
    await it.service.healthCheck('one');
    const began = join(it.sandbox.root, 'began');
    const connect = `
      const { writeFileSync } = await import('node:fs');
      writeFileSync(${JSON.stringify(began)}, '');
      return new Promise(() => {});`;
    await release(it, { version: '2.0.0', source: source({ connect }) });
    const rescanned = it.service.rescanPlugins().catch((error: unknown) => error);
    while (!existsSync(began)) await delay(5);
    await it.host.close();
    await expect(rescanned).resolves.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'shutting_down' } });
  });

  it('holds up neither calls nor health nor changes of other connectors', async () => {
    await using it = await openHost();
    await it.service.healthCheck('one');
    const began = join(it.sandbox.root, 'began');
    const gate = join(it.sandbox.root, 'gate');
    const wait = `
      const { existsSync, writeFileSync } = await import('node:fs');
      writeFileSync(${JSON.stringify(began)}, '');
      while (!existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 5));
      return true;`;
    await release(it, { version: '2.0.0', source: source({ connect: wait }) });
    const rescanned = it.service.rescanPlugins();
    while (!existsSync(began)) await delay(5);
    expect(await count(it)).toEqual({ count: 1, word: 'kept' });
    await expect(it.service.healthCheck('one')).resolves.toMatchObject({ healthy: true });
    await writeFile(gate, '');
    await rescanned;
    await expect(it.service.describe('one')).resolves.toMatchObject({ package: { version: '2.0.0' } });
  });
});
