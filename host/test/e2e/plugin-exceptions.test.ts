import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Releases } from './fixtures/install-project.ts';
import { InstallProject, publishReleases, WEATHER } from './fixtures/install-project.ts';

const MINUTES = 60_000;
const TIDES = { name: '@acme/connector-tides', kind: 'tides' };
const STARS = { name: '@acme/connector-stars', kind: 'stars' };

let releases: Releases;

beforeAll(async () => {
  releases = await publishReleases([
    { version: '1.0.0' },
    { version: '1.1.0' },
    { version: '1.2.0', engines: '^2.0.0' },
    { ...TIDES, version: '1.0.0' },
    { ...TIDES, version: '1.1.0' },
    { ...STARS, version: '1.0.0' },
    { ...STARS, version: '1.1.0', peers: { '@acme/nowhere-to-be-had': '^1.0.0' } },
    { ...STARS, version: '2.0.0', engines: '^2.0.0' },
  ]);
}, 3 * MINUTES);

afterAll(async () => releases?.[Symbol.asyncDispose]());

describe('plugins that are not as all others', () => {
  it(
    'an update of all goes on without one whose newest version is refused, and tells of it',
    async () => {
      await using project = await InstallProject.open('npm', releases.registry, 'connectors: []\n');
      await project.install('npm', ['install', `${WEATHER}@1.0.0`, `${TIDES.name}@1.0.0`]);
      await project.install('npm', [
        'pkg',
        'set',
        `dependencies.${WEATHER}=^1.0.0`,
        `dependencies.${TIDES.name}=^1.0.0`,
      ]);
      const { status, stdout, stderr } = await project.automate('plugins', 'update', '--yes', '--json');
      expect([status, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toMatchObject({
        changes: [{ package: TIDES.name, from: '1.0.0', to: '1.1.0' }],
        warnings: [
          expect.stringMatching(/^not updated: @acme\/connector-weather 1\.2\.0 .*version 1\.1\.0 is for this host/),
        ],
      });
      const manifest = readFileSync(join(project.root, 'node_modules', WEATHER, 'package.json'), 'utf8');
      expect(manifest).toContain('"version": "1.0.0"');
      const before = project.fingerprint();
      const again = await project.automate('plugins', 'update', WEATHER, '--yes');
      expect([again.status, again.stderr]).toEqual([1, expect.stringMatching(/^nothing was changed:\n.*\^2\.0\.0/)]);
      expect(project.fingerprint()).toBe(before);
    },
    2 * MINUTES,
  );

  it(
    'one that a refusal recommends can be installed with its peers',
    async () => {
      await using project = await InstallProject.open('npm', releases.registry, 'connectors: []\n');
      const { status, stderr } = await project.automate('plugins', 'add', `${STARS.name}@2.0.0`, '--yes');
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(/version 1\.0\.0 is for this host: automate plugins add/),
      ]);
    },
    2 * MINUTES,
  );

  it(
    'one under another name, or out of a tarball, is not taken for what the registry has under its name',
    async () => {
      await using project = await InstallProject.open('npm', releases.registry, 'connectors: []\n');
      const alias = `npm:${WEATHER}`;
      const added = await project.automate('plugins', 'add', `wx@${alias}@1.0.0`, '--yes');
      expect([added.status, added.stderr]).toEqual([0, '']);
      expect(added.stdout).toMatch(/^\+ wx 1\.0\.0[^]*registry +(?!tells nothing)/m);
      const newer = await project.automate('plugins', 'add', `wx@${alias}@1.1.0`, '--yes');
      expect([newer.status, newer.stderr]).toEqual([0, '']);
      const refused = await project.automate('plugins', 'add', `wx@${alias}@1.2.0`, '--yes');
      expect([refused.status, refused.stderr]).toEqual([
        1,
        expect.stringContaining(`version 1.1.0 is for this host: automate plugins add wx@${alias}@1.1.0`),
      ]);
      const back = await project.automate('plugins', 'rollback', 'wx', '--yes');
      expect([back.status, back.stderr]).toEqual([0, '']);
      expect(back.stdout).toMatch(/wx 1\.0\.0 \(was 1\.1\.0\)/);
      expect(readFileSync(join(project.root, 'package.json'), 'utf8')).toMatch(/"wx": "npm:@acme\/connector-weather@/);
      await project.automate('plugins', 'remove', 'wx', '--yes');
      await project.install('npm', ['pack', releases.folderOf({ version: '1.1.0' })]);
      const local = await project.automate('plugins', 'add', './acme-connector-weather-1.1.0.tgz', '--yes');
      expect([local.status, local.stderr]).toEqual([0, '']);
      expect(local.stdout).toMatch(/^\+ @acme\/connector-weather 1\.1\.0$/m);
      expect(local.stdout).toMatch(/^ +registry +tells nothing of it$/m);
    },
    2 * MINUTES,
  );

  it(
    'one that another program installed and the host refuses can be removed, and led to a version that works',
    async () => {
      await using project = await InstallProject.open('npm', releases.registry, 'connectors: []\n');
      await project.install('npm', ['install', `${WEATHER}@1.2.0`, `${STARS.name}@2.0.0`]);
      const led = await project.automate('plugins', 'update', `${WEATHER}@1.1.0`, '--yes');
      expect([led.status, led.stderr]).toEqual([0, '']);
      expect(led.stdout).toMatch(/connector-weather 1\.1\.0/);
      const gone = await project.automate('plugins', 'remove', STARS.name, '--yes');
      expect([gone.status, gone.stderr]).toEqual([0, '']);
      expect(readFileSync(join(project.root, 'package.json'), 'utf8')).not.toContain(STARS.name);
    },
    2 * MINUTES,
  );

  it(
    'those of a project of Yarn are added, rolled back and removed, and a refusal leaves the project as it was',
    async () => {
      await using project = await InstallProject.open('yarn', releases.registry, 'connectors: [{ id: weather }]\n');
      const version = async (): Promise<unknown> => {
        const { stdout } = await project.automate('execute', 'weather', 'forecast', '--json');
        return (JSON.parse(stdout) as { result?: { version?: string } }).result?.version;
      };
      const bare = await project.automate('plugins', 'add', `${WEATHER}@1.0.0`, '--yes');
      expect([bare.status, bare.stderr]).toEqual([1, expect.stringContaining('say "yarn add @automate/sdk" first')]);
      await project.install('yarn', ['add', '@automate/sdk']);
      for (const wanted of ['1.0.0', '1.1.0']) {
        const added = await project.automate('plugins', 'add', `${WEATHER}@${wanted}`, '--yes');
        expect([added.status, added.stderr]).toEqual([0, '']);
        expect(await version()).toBe(wanted);
      }
      const before = project.fingerprint();
      const refused = await project.automate('plugins', 'add', `${WEATHER}@1.2.0`, '--yes');
      expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/version 1\.1\.0 stays installed/)]);
      expect(project.fingerprint()).toBe(before);
      const back = await project.automate('plugins', 'rollback', WEATHER, '--yes');
      expect([back.status, back.stderr]).toEqual([0, '']);
      expect(await version()).toBe('1.0.0');
      const gone = await project.automate('plugins', 'remove', WEATHER, '--yes');
      expect([gone.status, gone.stderr]).toEqual([0, '']);
      expect(readFileSync(join(project.root, 'package.json'), 'utf8')).not.toContain(WEATHER);
    },
    2 * MINUTES,
  );
});
