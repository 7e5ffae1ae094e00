// `npm run upgrades`: ten upgrades of a package that is called fifty times a second over gRPC and REST, four of them bad, and two
// returns, by npm and by pnpm, from a registry of its own. Prints what became of each, and ends with 1 where a call was lost, a version
// answered that should not have, or a reason is missing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  INSTALLERS,
  InstallProject,
  publishSdk,
  publishWeather,
  WEATHER,
} from '../test/e2e/fixtures/install-project.ts';
import { startRegistry } from '../test/e2e/fixtures/registry.ts';
import { ALL_UPGRADES, RELEASES, runUpgrades, YAML } from '../test/e2e/fixtures/upgrade-run.ts';

const folder = await mkdtemp(join(tmpdir(), 'automate-releases-'));
const registry = await startRegistry();
const violations = [];
try {
  await publishSdk(registry);
  for (const release of RELEASES) await publishWeather(registry, join(folder, release.version), release);
  for (const installer of INSTALLERS) {
    await using project = await InstallProject.open(installer, registry, YAML);
    const { status, stdout, stderr } = await project.automate('plugins', 'add', `${WEATHER}@1.0.0`, '--yes');
    if (status !== 0) throw new Error(stdout + stderr);
    const told = (words) => console.log(`${installer}: ${words}`);
    const { calls, complaints, answered, reasons } = await runUpgrades(project, {
      installer,
      upgrades: ALL_UPGRADES,
      told,
    });
    console.log(`${installer}: ${calls} calls, answered by ${answered.join(', ')}`);
    for (const [version, { report }] of Object.entries(reasons))
      console.log(`${installer}: ${version} held back: ${report}`);
    violations.push(...complaints.map((complaint) => `${installer}: ${complaint}`));
    if (Object.keys(reasons).length !== 4) violations.push(`${installer}: not every bad version has its reason`);
  }
} finally {
  await registry.close();
  await rm(folder, { recursive: true, force: true });
}
for (const violation of violations) console.log(`VIOLATED ${violation}`);
console.log(violations.length === 0 ? 'nothing was violated' : `${violations.length} violations`);
process.exitCode = violations.length === 0 ? 0 : 1;
