import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Releases } from './fixtures/install-project.ts';
import { INSTALLERS, InstallProject, publishReleases, WEATHER } from './fixtures/install-project.ts';
import { FEW_UPGRADES, RELEASES, runUpgrades, YAML } from './fixtures/upgrade-run.ts';

const MINUTES = 60_000;

let releases: Releases;

beforeAll(async () => {
  releases = await publishReleases(RELEASES);
}, 3 * MINUTES);

afterAll(async () => releases?.[Symbol.asyncDispose]());

it.each(INSTALLERS)(
  'upgrades that %s installs take over, or are held back with their reason, and no call is lost to either',
  async (installer) => {
    await using project = await InstallProject.open(installer, releases.registry, YAML);
    const added = await project.automate('plugins', 'add', `${WEATHER}@1.0.0`, '--yes');
    expect([added.status, added.stderr]).toEqual([0, '']);
    const { calls, complaints, answered, reasons } = await runUpgrades(project, { installer, upgrades: FEW_UPGRADES });
    expect(complaints).toEqual([]);
    expect(calls).toBeGreaterThan(100);
    expect(answered).toEqual(['1.0.0', '1.1.0', '1.8.0']);
    expect(Object.keys(reasons)).toEqual(['1.2.0', '1.4.0', '1.6.0', '1.8.0']);
    for (const { report } of Object.values(reasons))
      expect(report).toMatch(/^connector "weather" goes on with version 1\.1\.0: /);
  },
  3 * MINUTES,
);
