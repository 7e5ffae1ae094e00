import { existsSync, readFileSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { ConnectorService } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { CliProject } from '../cli/fixtures/cli-project.ts';
import { count, ENTRY, entry, openHost, source } from '../fixtures/counting-host.ts';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import type { SandboxHost } from '../fixtures/sandbox-host.ts';

/** Everything about it that is wrong, in one file: settings, a kind, the connection of one that runs is well. */
const WRONG = `connectors:
  - { id: one, kind: counting, settings: { word: kept, unreachable: true } }
  - { id: two, kind: counted }
  - { id: three, kind: counting, settings: { colour: red } }
  - { id: four, kind: counting, settings: { word: well } }
`;
const fileOf = (host: SandboxHost): string => join(host.sandbox.root, 'config', 'connectors.yaml');

describe('a plan', () => {
  let host: SandboxHost;
  let doors: Readonly<Record<string, ConnectorService>>;
  beforeAll(async () => {
    host = await openHost(ENTRY, true);
    doors = {
      'in process': host.service,
      gRPC: await connect({ address: host.host.grpcAddress ?? '' }),
      REST: openRestBackend(host.host.httpAddress ?? ''),
    };
    await host.service.healthCheck('one');
  });
  afterAll(async () => {
    await doors['gRPC']?.close();
    await host?.[Symbol.asyncDispose]();
  });

  it.each(['in process', 'gRPC', 'REST'])('%s says what would be, and touches nothing', async (door) => {
    const service = doors[door] as ConnectorService;
    const before = await host.service.list();
    await expect(service.planConfig()).resolves.toStrictEqual({
      connectors: [],
      unchanged: 1,
      sections: [],
      problems: [],
      warnings: [],
    });
    const yaml = `${entry(', more: 1')}  - { id: two, kind: counting }\nnetwork: { deny: ["10.0.0.0/8"] }\n`;
    const healthy = { status: 'healthy', message: expect.any(String) };
    await expect(service.planConfig({ yaml, name: 'new.yaml' })).resolves.toStrictEqual({
      connectors: [
        { id: 'one', change: 'changed', keys: ['settings.more'], trial: healthy },
        { id: 'two', change: 'added', keys: [], trial: healthy },
      ],
      unchanged: 0,
      sections: ['network'],
      problems: [],
      warnings: [],
    });
    const restarted = await service.planConfig({ yaml: `${ENTRY}network: { deny: ["10.0.0.0/8"] }\n` });
    expect(restarted.connectors).toStrictEqual([{ id: 'one', change: 'restarted', keys: ['network'], trial: healthy }]);
    const none = await service.planConfig({ yaml: 'connectors: []\n' });
    expect(none.connectors).toStrictEqual([{ id: 'one', change: 'removed', keys: [] }]);
    await expect(host.service.list()).resolves.toStrictEqual(before);
    expect(await readFile(fileOf(host), 'utf8')).toBe(ENTRY);
  });

  it.each(['in process', 'gRPC', 'REST'])('%s names every fault at once, at its place', async (door) => {
    const service = doors[door] as ConnectorService;
    const { problems, connectors } = await service.planConfig({ yaml: WRONG, name: 'new.yaml' });
    const at = (line: number) => ({ file: 'new.yaml', line, column: expect.any(Number) });
    expect(problems).toMatchObject([
      { path: 'connectors[0]', message: expect.stringMatching(/"one" would not work: .*nobody there/), ...at(2) },
      { path: 'connectors[1].kind', message: expect.stringMatching(/declares the kind "counted"/), ...at(3) },
      { path: 'connectors[2].settings.colour', ...at(4) },
    ]);
    expect(connectors.find(({ id }) => id === 'one')?.trial).toMatchObject({
      status: 'unhealthy',
      blame: expect.any(String),
    });
    const broken = await service.planConfig({
      yaml: 'connectors:\n  - { id: A, port: x }\n  - { kind: 7 }\n',
      name: 'n',
    });
    expect(broken.problems.length).toBeGreaterThan(3);
    for (const yaml of ['', '# nothing\n', ENTRY.slice(0, -20)])
      await expect(service.planConfig({ yaml })).resolves.toMatchObject({ problems: [{ path: expect.any(String) }] });
    expect(await count(host)).toMatchObject({ word: 'kept' });
  });

  it.each(['in process', 'gRPC', 'REST'])('%s is applied as a whole, or not at all', async (door) => {
    const service = doors[door] as ConnectorService;
    const before = await host.service.list();
    await expect(service.applyConfig({ yaml: WRONG })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ line: 2 }, { line: 3 }, { line: 4 }],
    });
    await expect(host.service.list()).resolves.toStrictEqual(before);
    expect(await readFile(fileOf(host), 'utf8')).toBe(ENTRY);
    const yaml = `# by ${door}\n${entry(', more: 1')}  - { id: two, kind: counting, settings: { word: new } }\n`;
    await expect(service.applyConfig({ yaml })).resolves.toMatchObject({
      connectors: [
        { id: 'one', change: 'changed' },
        { id: 'two', change: 'added' },
      ],
    });
    expect(await count(host, 'two')).toMatchObject({ word: 'new' });
    expect(await readFile(fileOf(host), 'utf8')).toBe(yaml);
    const kept = join(host.sandbox.root, '.automate', 'connectors.before-apply.yaml');
    expect(readFileSync(kept, 'utf8')).toBe(ENTRY);
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    await expect(service.applyConfig({ yaml: ENTRY })).resolves.toMatchObject({
      connectors: [
        { id: 'one', change: 'changed' },
        { id: 'two', change: 'removed' },
      ],
    });
    // The watcher hears of the file as well, and finds nothing to do.
    await expect(host.host.reload()).resolves.toMatchObject({
      ok: true,
      added: [],
      updated: [],
      removed: [],
      heldBack: [],
    });
    await host.service.healthCheck('one');
  });
});

describe('a connector whose remote system is away', () => {
  it('is no fault of a plan where it is away for what runs as well', async () => {
    await using host = await openHost(entry(', unreachable: true'), true);
    await host.service.healthCheck('one');
    const yaml = entry(', unreachable: true, more: 1');
    const plan = await host.service.planConfig({ yaml });
    expect(plan).toMatchObject({ problems: [], warnings: [expect.stringContaining('as it is now')] });
    await expect(host.service.applyConfig({ yaml })).resolves.toMatchObject({ connectors: [{ id: 'one' }] });
  });

  it.each([true, false])(
    'is no fault of a plan where it is new, and added all the same; a host runs: %s',
    async (serve) => {
      await using host = await openHost(ENTRY, serve);
      const yaml = `${ENTRY}  - { id: away, kind: counting, settings: { unreachable: true } }\n  - { id: off, kind: counting, enabled: false, settings: { unreachable: true } }\n`;
      const plan = await host.service.planConfig({ yaml });
      expect(plan.problems).toEqual([]);
      expect(plan.warnings).toEqual([expect.stringMatching(/"away", which is new, is not well: .*nobody there/)]);
      expect(plan.connectors.find(({ id }) => id === 'away')).toMatchObject({ trial: { status: 'unhealthy' } });
      await expect(host.service.applyConfig({ yaml })).resolves.toMatchObject({ problems: [] });
      await expect(host.service.healthCheck('away')).resolves.toMatchObject({ status: 'unhealthy' });
      expect(await readFile(fileOf(host), 'utf8')).toBe(yaml);
      // Nothing that works is taken down by enabling one that does not find it either.
      if (!serve) return;
      const enabled = yaml.replace('enabled: false, ', '');
      await expect(host.service.applyConfig({ yaml: enabled })).resolves.toMatchObject({
        connectors: [{ id: 'off', trial: { status: 'unhealthy' } }],
      });
    },
  );
});

describe('what was registered', () => {
  it('is exported as a file that plans accept, with references in the place of secrets, and does the same there', async () => {
    await using host = await openHost('connectors: []\n', true);
    const settings = {
      word: 'costs $${PRICE}: "5 €"\nin two lines',
      token: 'canary-of-the-export',
      list: [1, null, { a: true }],
    };
    await host.service.setProfile({ name: 'shared', kind: 'counting', settings: { word: 'of the profile' } });
    await host.service.register({
      id: 'mine',
      kind: 'counting',
      name: 'Mine',
      settings,
      tags: ['a', 'b'],
      auth: { type: 'bearer', token: 'canary-of-auth' },
    });
    await host.service.register({ id: 'user', kind: 'counting', profile: 'shared', limits: { timeoutMs: 1500 } });
    const first = await count(host, 'mine');
    const exported = await openRestBackend(host.host.httpAddress ?? '').exportConfig();
    expect(exported).toMatchObject({ connectors: ['mine', 'user'], profiles: ['shared'] });
    expect(exported.yaml).not.toMatch(/canary/);
    expect(exported.yaml).toContain('secretref://store/connector.mine/auth.token');
    await using remote = await connect({ address: host.host.grpcAddress ?? '' });
    await expect(remote.exportConfig()).resolves.toStrictEqual(exported);
    const plan = await host.service.planConfig({ yaml: exported.yaml, name: 'exported.yaml' });
    expect(plan).toMatchObject({
      problems: [],
      connectors: [
        { id: 'mine', change: 'changed', keys: ['owner'], trial: { status: 'healthy' } },
        { id: 'user', change: 'changed', keys: ['owner'], trial: { status: 'healthy' } },
      ],
    });
    const config = async () => (await host.service.get('mine')).config;
    const before = await config();
    await host.service.applyConfig({ yaml: exported.yaml });
    expect(await config()).toStrictEqual(before);
    expect(await count(host, 'mine')).toStrictEqual(first);
    await expect(count(host, 'user')).resolves.toMatchObject({ word: 'of the profile' });
  });
});

describe('on the command line', () => {
  it('plans, applies and exports with the exit codes that say what is, whether a host runs or not', async () => {
    await using project = await CliProject.open({ kinds: [], yaml: ENTRY });
    await project.sandbox.addConnector({ kind: 'counting', source: source() });
    await writeFile(join(project.root, 'wrong.yaml'), WRONG);
    await writeFile(join(project.root, 'new.yaml'), entry(', more: 1'));
    // Nothing runs, so that everything is new.
    expect(await project.automate(['plan'])).toMatchObject({ status: 3, stdout: expect.stringContaining('+ one') });
    expect(await project.automate(['plan', 'wrong.yaml'])).toMatchObject({
      status: 78,
      stdout: expect.stringMatching(/"one", which is new, is not well[^]*wrong\.yaml:3:\d+: [^]*wrong\.yaml:4:\d+: /),
    });
    await using host = await project.start();
    expect(await project.automate(['plan'])).toMatchObject({ status: 0, stdout: expect.stringContaining('no change') });
    expect(await project.automate(['plan', 'new.yaml'])).toMatchObject({
      status: 3,
      stdout: expect.stringContaining('~ one  changed: settings.more; healthy'),
    });
    expect(await project.automate(['plan', '-', '--json'], { input: WRONG })).toMatchObject({
      status: 78,
      stdout: expect.stringMatching(/"problems": \[\n/),
    });
    expect(await project.automate(['connectors', 'health', 'one'])).toMatchObject({ status: 0 });
    expect(await project.automate(['apply', 'wrong.yaml'])).toMatchObject({
      status: 78,
      stderr: expect.stringMatching(/wrong\.yaml:2:[^]*wrong\.yaml:3:[^]*wrong\.yaml:4:/),
    });
    expect(await project.automate(['apply', 'new.yaml'])).toMatchObject({ status: 0 });
    expect(await readFile(join(project.root, 'config/connectors.yaml'), 'utf8')).toBe(entry(', more: 1'));
    expect(await project.automate(['plan', 'new.yaml'])).toMatchObject({ status: 0 });
    expect(await project.automate(['export'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('connectors: []'),
    });
    expect(await project.automate(['plan', 'no-such.yaml'])).toMatchObject({ status: 2 });
    // Another encoding would be applied with other characters than were meant.
    await writeFile(join(project.root, 'latin1.yaml'), Buffer.from(entry(', town: Zürich'), 'latin1'));
    for (const verb of ['plan', 'apply'])
      expect(await project.automate([verb, 'latin1.yaml'])).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('latin1.yaml is not text in UTF-8'),
      });
    expect(await readFile(join(project.root, 'config/connectors.yaml'), 'utf8')).toBe(entry(', more: 1'));
    expect(host.ready.http).toBeDefined();
  });

  it('applies the old or the new, never a part of it, however the host is killed meanwhile', async () => {
    const many = (word: string): string =>
      `connectors:\n${Array.from({ length: 12 }, (_, index) => `  - { id: c${index}, kind: counting, settings: { word: ${word} } }\n`).join('')}`;
    await using project = await CliProject.open({ kinds: [], yaml: many('old') });
    await project.sandbox.addConnector({ kind: 'counting', source: source() });
    const file = join(project.root, 'config/connectors.yaml');
    let word = 'old';
    for (const [round, delay] of [0, 300, 600].entries()) {
      await using host = await project.start();
      const service = await connect({ address: host.ready.grpc });
      const applying = service.applyConfig({ yaml: many(`new${round}`) }).then(
        () => true,
        () => false,
      );
      if (delay === 600)
        await Promise.race([
          applying,
          eventually(() => existsSync(join(project.root, '.automate/connectors.before-apply.yaml'))),
        ]);
      else await new Promise((resolve) => setTimeout(resolve, delay));
      await host.end('SIGKILL');
      const acknowledged = await applying;
      await service.close();
      const text = await readFile(file, 'utf8');
      expect([many(word), many(`new${round}`)]).toContain(text);
      if (acknowledged) expect(text).toBe(many(`new${round}`));
      if (text !== many(word)) word = `new${round}`;
    }
    await using host = await project.start();
    await using service = await connect({ address: host.ready.grpc });
    for (const id of ['c0', 'c11'])
      await expect(service.execute({ id, action: 'count' })).resolves.toMatchObject({ result: { word } });
  });
});
