import { describe, expect, it } from '@jest/globals';
import { count, ENTRY, infoOf, release, source } from '../fixtures/counting-host.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const READS = (version: string): string => version.replace('sideEffects: true', 'sideEffects: false');

/** What was accepted: one action that reads, and one that writes. */
const lock = (effect: string): string => `lock_version: 1
packages:
  connector-counting:
    version: 1.0.0
    integrity: sha512-of-another-machine
    manifest: sha256-of-another-machine
    kinds:
      counting:
        settings: sha256-of-its-settings
        actions:
          count: { effect: ${effect}, schema: sha256-of-its-schemas }
          die: { effect: write, schema: sha256-of-its-schemas }
`;

async function openLocked(first: string, text: string | null = lock('read')): Promise<SandboxHost> {
  return SandboxHost.open({
    serve: false,
    kinds: [],
    yaml: ENTRY,
    prepare: async (sandbox) => {
      await sandbox.addConnector({ kind: 'counting', source: first });
      if (text !== null) await sandbox.writeFile('connectors.lock', text);
    },
  });
}

const statuses = async (it: SandboxHost): Promise<readonly string[]> =>
  (await it.service.rescanPlugins()).plugins.map(({ status }) => status);

describe('a version in which an action writes that only read', () => {
  it('is held back until somebody has accepted that, and says what to say', async () => {
    await using it = await openLocked(READS(source()));
    expect(await count(it)).toMatchObject({ count: 1 });
    await release(it, { version: '2.0.0' });
    expect(await statuses(it)).toEqual(['held_back']);
    expect(await count(it)).toMatchObject({ count: 2 });
    expect((await infoOf(it)).heldBack).toMatch(
      /^the action "count" turns from reading to writing in version 2\.0\.0.*"automate plugins update --installed".*"automate plugins rollback connector-counting"/,
    );
    await it.sandbox.writeFile('connectors.lock', lock('write'));
    expect(await statuses(it)).toEqual(['admitted']);
    expect(await count(it)).toMatchObject({ count: 1 });
  });

  it('is held back, too, where the version that stands does not even start', async () => {
    await using it = await openLocked(source({ atImport: "throw new Error('a broken build');" }));
    await expect(it.service.healthCheck('one')).resolves.toMatchObject({ healthy: false });
    await release(it, { version: '2.0.0' });
    expect(await statuses(it)).toEqual(['held_back']);
    await release(it, { version: '2.0.1', source: READS(source()) });
    expect(await statuses(it)).toEqual(['admitted']);
    expect(await count(it)).toMatchObject({ count: 1 });
  });

  it('is held back by a lock that cannot be read, which is no yes', async () => {
    await using it = await openLocked(READS(source()));
    expect(await count(it)).toMatchObject({ count: 1 });
    await it.sandbox.writeFile('connectors.lock', `<<<<<<< HEAD\n${lock('write')}`);
    await release(it, { version: '2.0.0' });
    expect(await statuses(it)).toEqual(['held_back']);
    expect((await infoOf(it)).heldBack).toMatch(/connectors\.lock.*restore it from your repository/);
  });

  it('takes over where there is no lock, or none that knows its package', async () => {
    for (const text of [null, 'lock_version: 1\npackages: {}\n']) {
      await using it = await openLocked(READS(source()), text);
      expect(await count(it)).toMatchObject({ count: 1 });
      await release(it, { version: '2.0.0' });
      expect(await statuses(it)).toEqual(['admitted']);
      expect(await count(it)).toMatchObject({ count: 1 });
    }
  });
});

describe('the report of packages', () => {
  it('says what is installed and was not accepted, and to which version one can return', async () => {
    await using it = await openLocked(source());
    const [mine] = (await it.service.plugins()).plugins;
    expect(mine).toMatchObject({
      status: 'admitted',
      warnings: [
        expect.stringMatching(
          /^connector-counting is installed with another package\.json, and connectors\.lock has version 1\.0\.0: "automate plugins diff".*"automate plugins update --installed" accepts it$/,
        ),
      ],
    });
    expect(mine).not.toHaveProperty('formerVersion');
    const accepted = lock('write').replace('version: 1.0.0', 'version: 0.9.0');
    await it.sandbox.writeFile('connectors.lock', accepted);
    expect((await it.service.plugins()).plugins).toMatchObject([
      { formerVersion: '0.9.0', warnings: [expect.stringContaining('has version 0.9.0')] },
    ]);
    const earlier = lock('write').replace('    kinds:', '    previous: { version: 0.8.0, spec: 0.8.0 }\n    kinds:');
    await it.sandbox.writeFile('connectors.lock', earlier);
    expect((await it.service.rescanPlugins()).plugins).toMatchObject([{ version: '1.0.0', formerVersion: '0.8.0' }]);
  });
});
