import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { InstallProject, publishSdk, publishWeather, WEATHER } from './fixtures/install-project.ts';
import { startRegistry } from './fixtures/registry.ts';

const MINUTES = 60_000;

/** Eleven packages beside, which are well. */
const OTHERS = Array.from({ length: 11 }, (_none, index) => `other_${index}`);
const YAML = `connectors:\n  - { id: weather }\n${OTHERS.map((kind) => `  - { id: ${kind} }\n`).join('')}`;

it(
  'automate bisect finds the bad plugin among twelve, the version before that was good, and what installs it',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'automate-releases-'));
    const registry = await startRegistry();
    try {
      await publishSdk(registry);
      const deadly = {
        atImport: "import { execFileSync } from 'node:child_process';",
        health: "execFileSync('/bin/kill', ['-KILL', String(process.pid)]);",
      };
      for (const release of [{ version: '1.0.0' }, { version: '1.1.0', ...deadly }, { version: '1.2.0', ...deadly }])
        await publishWeather(registry, join(folder, release.version), release);
      await using project = await InstallProject.open('npm', registry, YAML);
      const git = (...args: readonly string[]) =>
        execFileSync('git', ['-c', 'user.name=somebody', '-c', 'user.email=somebody@example.org', ...args], {
          cwd: project.root,
          stdio: 'pipe',
        });
      git('init', '-q');
      for (const kind of OTHERS) await addOther(project.root, kind);
      await project.install('npm', ['install', ...OTHERS.map((kind) => `./parts/${kind}`)]);
      for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
        const { status, stderr } = await project.automate('plugins', 'add', `${WEATHER}@${version}`, '--yes');
        expect({ version, status, stderr }).toEqual({ version, status: 0, stderr: '' });
        git('add', 'connectors.lock');
        git('commit', '-q', '-m', version);
      }
      const lock = git('hash-object', 'connectors.lock').toString();
      const { status, stdout, stderr } = await project.automate('bisect', '--json');
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/1\.1\.0 installed in a copy/) });
      expect(JSON.parse(stdout)).toMatchObject({
        trouble: 'the host ended (SIGKILL)',
        culprits: [
          { package: WEATHER, version: '1.2.0', last_good: '1.0.0', mend: `automate plugins add ${WEATHER}@1.0.0` },
        ],
      });
      expect(git('hash-object', 'connectors.lock').toString()).toBe(lock);
      const mended = await project.automate('plugins', 'add', `${WEATHER}@1.0.0`, '--yes');
      expect(mended.status).toBe(0);
      expect(await project.automate('bisect')).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/^nothing is wrong/),
      });
    } finally {
      await registry.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
  8 * MINUTES,
);

async function addOther(root: string, kind: string): Promise<void> {
  const folder = join(root, 'parts', kind);
  await mkdir(folder, { recursive: true });
  const manifest = {
    name: `connector-${kind}`,
    version: '1.0.0',
    type: 'module',
    engines: { automate: '^1.0.0' },
    automate: { connectors: { [kind]: './adapter.js' } },
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(
    join(folder, 'adapter.js'),
    `import { ConnectorAdapter } from '@automate/sdk';\nexport default class Other extends ConnectorAdapter { name = '${kind}'; version = '1.0.0'; async connect() { return true; } }\n`,
  );
}
