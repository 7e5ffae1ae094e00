import { readFileSync } from 'node:fs';
import { appendFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Releases } from './fixtures/install-project.ts';
import { INSTALLERS, InstallProject, publishReleases, WEATHER, weatherSource } from './fixtures/install-project.ts';

const MINUTES = 60_000;
const YAML = 'connectors:\n  - { id: weather, settings: { city: Oslo } }\n';

let releases: Releases;

beforeAll(async () => {
  releases = await publishReleases([
    { version: '1.0.0' },
    { version: '1.1.0' },
    { version: '1.2.0', writes: true, required: ['day'] },
    { version: '1.3.0', atImport: "throw new Error('a broken build');" },
    { version: '2.0.0', engines: '^2.0.0' },
  ]);
}, 3 * MINUTES);

afterAll(async () => releases?.[Symbol.asyncDispose]());

describe.each(INSTALLERS)('plugins, with %s', (installer) => {
  it(
    'are added, updated, rolled back and removed, and every refusal leaves the project as it was',
    async () => {
      await using project = await InstallProject.open(installer, releases.registry, YAML);
      const version = async (): Promise<unknown> => {
        const { status, stdout, stderr } = await project.automate('execute', 'weather', 'forecast', '--json');
        if (status !== 0) throw new Error(stdout + stderr);
        return (JSON.parse(stdout) as { result: { version: string } }).result.version;
      };
      const refused = async (args: readonly string[], reason: RegExp): Promise<void> => {
        const before = project.fingerprint();
        const { status, stdout, stderr } = await project.automate('plugins', ...args);
        expect([status, stderr]).toEqual([1, expect.stringMatching(reason)]);
        expect(stdout).not.toMatch(/^done/m);
        expect(project.fingerprint()).toBe(before);
      };

      await refused(['add', `${WEATHER}@1.0.0`], /no terminal.*--yes/);
      const added = await project.automate('plugins', 'add', `${WEATHER}@1.0.0`, '--yes');
      expect([added.status, added.stderr]).toEqual([0, '']);
      expect(added.stdout).toMatch(/^\+ @acme\/connector-weather 1\.0\.0$/m);
      expect(added.stdout).toMatch(
        /kinds +weather\n +hosts +\^1\.0\.0, this one is 1\.0\.0\n +asks for +network api\.weather\.example:443 \(not granted\)\n +size +.* in 2 files\n/,
      );
      expect(await version()).toBe('1.0.0');
      expect(readFileSync(join(project.root, 'connectors.lock'), 'utf8')).toMatch(/forecast:\n +effect: read\n/);

      await refused(
        ['add', `${WEATHER}@2.0.0`, '--yes'],
        /range "\^2\.0\.0".*version 1\.3\.0 is for this host.*version 1\.0\.0 stays installed/,
      );
      // What is no business of the package manager's is asked of one.
      if (installer === 'npm') {
        await refused(['add', `${WEATHER}@1.3.0`, '--yes'], /1\.3\.0: .*a broken build/);
        await refused(['add', '@acme/connector-nobody', '--yes'], /nothing was changed: .*404/s);
        await refused(['add', 'semver', '--yes'], /semver is no connector package/);
        await refused(['remove', '@acme/connector-nobody', '--yes'], /not among the project's dependencies/);
      }

      const turned = await project.automate('plugins', 'add', `${WEATHER}@1.2.0`, '--yes');
      expect([turned.status, turned.stderr]).toEqual([0, '']);
      expect(turned.stdout).toMatch(/1\.2\.0 \(was 1\.0\.0\)/);
      expect(turned.stdout).toMatch(
        /!! weather: the action "forecast" turned from reading to writing\n +!  weather: the input of "forecast": "day" is required now/,
      );
      expect(await version()).toBe('1.2.0');
      await expect(project.automate('plugins', 'diff')).resolves.toMatchObject({ status: 0 });

      const back = await project.automate('plugins', 'rollback', WEATHER, '--yes');
      expect([back.status, back.stderr]).toEqual([0, '']);
      expect(await version()).toBe('1.0.0');

      const gone = await project.automate('plugins', 'remove', WEATHER, '--yes');
      expect([gone.status, gone.stdout]).toEqual([
        0,
        expect.stringMatching(
          /- @acme\/connector-weather 1\.0\.0 goes\nwarning: without .* these connectors have no kind: "weather"/,
        ),
      ]);
      expect(readFileSync(join(project.root, 'package.json'), 'utf8')).not.toContain(WEATHER);
      expect(readFileSync(join(project.root, 'connectors.lock'), 'utf8')).toContain('packages: {}');
      expect((await readdir(project.root)).filter((name) => name.startsWith('.automate-plugins'))).toEqual([]);
    },
    2 * MINUTES,
  );
});

it(
  'a host that is frozen starts with what the lock has, and else names every difference at once',
  async () => {
    await using project = await InstallProject.open('npm', releases.registry, YAML);
    const missing = await project.automate('start', '--frozen');
    expect([missing.status, missing.stderr]).toEqual([
      78,
      expect.stringMatching(/connectors\.lock is not there: "automate plugins update --installed"/),
    ]);
    await project.automate('plugins', 'add', `${WEATHER}@1.0.0`, '--yes');
    await using host = await project.start('--frozen');
    expect(host.ready.plugins).toMatchObject([{ package: WEATHER, status: 'admitted' }]);
    await appendFile(join(project.root, 'node_modules', WEATHER, 'adapter.js'), '\n// mended by hand\n');
    const rescan = await fetch(`${host.ready.http}/api/v1/plugins/rescan`, { method: 'POST' });
    expect([rescan.status, await rescan.json()]).toMatchObject([
      422,
      { code: 'CONFIG_INVALID', problems: [{ path: `connectors.lock: ${WEATHER} files` }] },
    ]);
    await host.end();

    const grants = `plugins: { frozen: true, grants: { '${WEATHER}': { network: ['*:443'] } } }\n`;
    await writeFile(join(project.root, 'config/connectors.yaml'), grants + YAML);
    const other = join(project.root, 'node_modules/@acme/connector-other');
    await mkdir(other);
    await writeFile(
      join(other, 'adapter.js'),
      weatherSource({ version: '1.0.0' }).replace("name = 'weather'", "name = 'other'"),
    );
    await writeFile(
      join(other, 'package.json'),
      JSON.stringify({
        name: '@acme/connector-other',
        version: '3.0.0',
        type: 'module',
        engines: { automate: '^1.0.0' },
        automate: { connectors: { other: './adapter.js' } },
      }),
    );
    const manifest = JSON.parse(readFileSync(join(project.root, 'package.json'), 'utf8')) as { dependencies: object };
    await writeFile(
      join(project.root, 'package.json'),
      JSON.stringify({ ...manifest, dependencies: { ...manifest.dependencies, '@acme/connector-other': '*' } }),
    );
    const drifted = await project.automate('start');
    expect(drifted.status).toBe(78);
    expect(drifted.stderr).toMatch(/connector-weather files: expected sha512-.*, received sha512-/);
    expect(drifted.stderr).toMatch(
      /connector-weather grants of "weather": expected nothing, received network api\.weather\.example:443/,
    );
    expect(drifted.stderr).toMatch(
      /connector-other: expected nothing, as it is not in the lock, received version 3\.0\.0/,
    );
    const accepted = await project.automate('plugins', 'update', '--installed', '--yes');
    expect([accepted.status, accepted.stderr]).toEqual([0, '']);
    await expect(project.automate('plugins', 'diff')).resolves.toMatchObject({ status: 0 });
  },
  2 * MINUTES,
);
