import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@automate/client';
import type { ConnectorService } from '@automate/contract';
import { describe, expect, it } from '@jest/globals';
import { AUTOMATE, plainEnvironment } from '../cli/fixtures/cli-project.ts';
import { runCommand } from '../cli/fixtures/run-command.ts';
import { release, source } from '../fixtures/counting-host.ts';
import { PlainAdapter } from '../fixtures/plain-adapter.ts';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const YAML = 'plugins: { deny: [connector-kept-out] }\nconnectors: []\n';
const throws = source({ atImport: "throw new Error('a broken build');" });

/** Writes a line wherever the code of the kind `counting` is loaded. */
const countLoads = (root: string): string =>
  source({ atImport: `(await import('node:fs')).appendFileSync(${JSON.stringify(join(root, 'loads'))}, 'x');` });

async function openProject(): Promise<SandboxHost> {
  return SandboxHost.open({
    kinds: ['echo'],
    yaml: YAML,
    prepare: async (sandbox) => {
      await sandbox.addConnector({ kind: 'counting', source: countLoads(sandbox.root) });
      await sandbox.addConnector({ kind: 'kept_out', source: source() });
      await sandbox.addConnector({ kind: 'broken', source: throws });
      await sandbox.addConnector({ kind: 'leaves', source: 'process.exit(3);' });
      await sandbox.addPackage({
        name: 'connector-torn',
        packageJson: { automate: { connectors: { torn: { entry: './index.js', type: 'nonsense' } } } },
      });
    },
  });
}

async function loadsIn(it: SandboxHost): Promise<number> {
  return (await readFile(join(it.sandbox.root, 'loads'), 'utf8').catch(() => '')).length;
}

const DOORS = {
  'in process': async (it: SandboxHost) => it.service,
  'over gRPC': (it: SandboxHost) => connect({ address: it.host.grpcAddress ?? '' }),
  'over REST': async (it: SandboxHost) => openRestBackend(it.host.httpAddress ?? ''),
} as const;

describe.each(Object.entries(DOORS))('a kind that no connector uses, asked about %s', (_door, open) => {
  it('is described as a connector of it will be', async () => {
    await using it = await openProject();
    const service = await open(it);
    const description = await service.describeKind('echo');
    await it.service.register({ id: 'first', kind: 'echo' });
    expect(description).toEqual(await service.describe('first'));
    expect(description.configSchema).toMatchObject({ properties: { greeting: {} } });
    await service.close();
  });

  it('is described by one worker for all that ask meanwhile, and for who comes later', async () => {
    await using it = await openProject();
    const service = await open(it);
    const leaving = new AbortController();
    const left = service.describeKind('counting', { signal: leaving.signal });
    const others = Array.from({ length: 20 }, () => service.describeKind('counting'));
    leaving.abort();
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' });
    for (const description of await Promise.all(others)) expect(description.actions).toHaveLength(2);
    await service.describeKind('counting');
    expect(await loadsIn(it)).toBe(1);
    await service.close();
  });
});

describe('a kind', () => {
  it('is described by its new code after that changed', async () => {
    await using it = await openProject();
    expect(await it.service.describeKind('counting')).toMatchObject({ package: { version: '1.0.0' } });
    await release(it, { source: countLoads(it.sandbox.root), packageJson: { version: '1.1.0' } });
    await it.service.rescanPlugins();
    expect(await it.service.describeKind('counting')).toMatchObject({ package: { version: '1.1.0' } });
    expect(await loadsIn(it)).toBe(2);
  });

  it('that the program itself brought is described, too', async () => {
    await using it = await SandboxHost.open({ kinds: [], register: [{ kind: 'plain', adapter: PlainAdapter }] });
    await expect(it.service.describeKind('plain')).resolves.toMatchObject({ kind: 'plain', open: true });
    const refused = { code: 'NOT_FOUND', message: expect.stringMatching(/"plane" \(did you mean "plain"\?\)/) };
    await expect(it.service.describeKind('plane')).rejects.toMatchObject(refused);
  });
});

describe('a kind that cannot be used is refused with why, and who must act', () => {
  async function refusalAt(service: ConnectorService, kind: string): Promise<unknown> {
    return service.describeKind(kind).then(
      () => undefined,
      (reason: unknown) => reason,
    );
  }

  it.each(Object.entries(DOORS))('%s', async (_door, open) => {
    await using it = await openProject();
    const service = await open(it);
    const unknown = { code: 'NOT_FOUND', details: { reason: 'unknown_kind' } };
    expect(await refusalAt(service, 'ecko')).toMatchObject({
      ...unknown,
      blame: 'caller',
      message: expect.stringMatching(
        /kind "ecko" \(did you mean "echo"\?\) \(there are broken, counting, echo, leaves\)/,
      ),
    });
    expect(await refusalAt(service, 'kept_out')).toMatchObject({
      ...unknown,
      blame: 'operator',
      message: expect.stringMatching(/^the kind "kept_out" is not available: .*connector-kept-out.*plugins\.deny/),
    });
    expect(await refusalAt(service, 'torn')).toMatchObject({
      ...unknown,
      blame: 'plugin',
      message: expect.stringMatching(/^the kind "torn" is not available: .*nonsense/),
    });
    const odd = `a\u202Eb/../\n${'x'.repeat(300)}`;
    expect(await refusalAt(service, odd)).toMatchObject({
      ...unknown,
      message: expect.stringMatching(/^no package that was found declares the kind "a\\u202eb\/\.\.\/\\nx{60,80}" \(/),
    });
    const broken = await refusalAt(service, 'broken');
    expect(broken).toMatchObject({ code: 'INTERNAL_ERROR', blame: 'plugin' });
    expect(broken).toMatchObject({ message: expect.stringMatching(/broken.*a broken build/s) });
    expect(broken).not.toHaveProperty('connector', expect.anything());
    const left = await refusalAt(service, 'leaves');
    expect(left).toMatchObject({ code: 'WORKER_LOST', blame: 'plugin', details: { exitCode: 3 } });
    expect(left).toMatchObject({ message: expect.stringMatching(/^the worker of the kind "leaves" was lost/) });
    await expect(service.register({ id: 'new', kind: 'leaves' })).rejects.toMatchObject({
      connector: 'new',
      message: expect.stringMatching(/^the worker of connector "new" was lost/),
    });
    for (const nothing of ['', undefined, 7] as never[])
      if (open !== DOORS['over REST'])
        expect(await refusalAt(service, nothing)).toMatchObject({
          code: 'INVALID_INPUT',
          problems: [{ path: 'kind' }],
        });
    await service.close();
  });

  it('on the command line, with the name of whoever must act', async () => {
    await using it = await openProject();
    const automate = (...args: readonly string[]) =>
      runCommand(process.execPath, [AUTOMATE, 'plugins', 'describe', ...args], {
        cwd: it.sandbox.root,
        env: plainEnvironment(),
      });
    const told = await automate('echo');
    expect(told).toMatchObject({ status: 0, stderr: '' });
    expect(told.stdout).toMatch(/^echo: .*\(kind echo, connector-echo /);
    expect(told.stdout).toMatch(/^say /m);
    expect(told.stdout).toMatch(/^greeting /m);
    expect(told.stdout).toMatch(/^automate connectors register --input '\{ id: …, kind: echo/m);
    const refused = await automate('ecko');
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toMatch(/NOT_FOUND: .*did you mean "echo"\?/);
  });
});
