import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { release, source } from '../fixtures/counting-host.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { CliProject } from './fixtures/cli-project.ts';

const NAME = 'connector-counting';

interface Keys {
  readonly file: string;
  readonly publicKey: string;
}

async function makeKeys(project: CliProject, name: string): Promise<Keys> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  await project.sandbox.writeFile(name, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  return { file: name, publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') };
}

async function openProject(): Promise<CliProject> {
  const project = await CliProject.open({ kinds: [] });
  await project.sandbox.addConnector({ kind: 'counting', source: source() });
  return project;
}

const trusting = (pattern: string, keys: readonly Keys[]): string =>
  `plugins:\n  signatures: require\n  trusted_keys: { '${pattern}': ${JSON.stringify(keys.map(({ publicKey }) => publicKey))} }\nconnectors:\n  - { id: one, kind: counting, settings: { word: kept } }\n`;

async function verdict(project: CliProject): Promise<unknown> {
  const { status, stdout } = await project.automate(['plugins', 'verify', '--json']);
  const { packages } = JSON.parse(stdout) as { packages: readonly { signature: string }[] };
  return [status, packages.map(({ signature }) => signature)];
}

async function admitted(project: CliProject): Promise<unknown> {
  const { plugins } = await project.json<{ plugins: readonly { status: string; reason?: string; message?: string }[] }>(
    ['plugins', 'list'],
  );
  return plugins.map(({ status, reason }) => reason ?? status);
}

it('packages are admitted where signatures are required, as soon as a trusted key has signed what lies there', async () => {
  await using project = await openProject();
  const [ours, theirs] = [await makeKeys(project, 'ours.pem'), await makeKeys(project, 'theirs.pem')];
  await project.sandbox.writeFile('config/connectors.yaml', trusting('connector-*', [ours]));
  expect(await admitted(project)).toEqual(['unsigned']);
  const early = await project.automate(['plugins', 'sign', '--key', ours.file]);
  expect([early.status, early.stderr]).toEqual([1, expect.stringContaining('update --installed')]);
  const accepted = await project.automate(['plugins', 'update', '--installed', '--yes']);
  expect([accepted.status, accepted.stderr]).toEqual([0, '']);
  expect(await verdict(project)).toEqual([1, ['unsigned']]);

  await project.automate(['plugins', 'sign', NAME, '--key', theirs.file]);
  expect(await verdict(project)).toEqual([1, ['unknown_key']]);
  expect(await admitted(project)).toEqual(['unsigned']);
  const signed = await project.automate(['plugins', 'sign', NAME, '--key', ours.file]);
  expect([signed.status, signed.stdout]).toEqual([
    0,
    expect.stringContaining(`trusted_keys: { "*": ["${ours.publicKey}"] }`),
  ]);
  expect(await verdict(project)).toEqual([0, ['trusted']]);
  expect(await admitted(project)).toEqual(['admitted']);
  await expect(project.json(['execute', 'one', 'count'])).resolves.toMatchObject({ result: { count: 1 } });

  await project.sandbox.writeFile('config/connectors.yaml', trusting('@acme/*', [ours]));
  expect(await admitted(project)).toEqual(['unsigned']);
  await project.sandbox.writeFile('config/connectors.yaml', trusting('*', [ours]));
  await appendFile(join(project.root, 'node_modules', NAME, 'adapter.js'), '\n');
  expect(await verdict(project)).toEqual([1, ['wrong']]);
  expect(await admitted(project)).toEqual(['unsigned']);
  const spoilt = await project.automate(['plugins', 'sign', NAME, '--key', ours.file]);
  expect([spoilt.status, spoilt.stderr]).toEqual([
    1,
    expect.stringMatching(/what is installed is not what connectors\.lock has/),
  ]);
  const noKey = await project.automate(['plugins', 'sign', NAME, '--key', 'package.json']);
  expect([noKey.status, noKey.stderr]).toEqual([1, expect.stringContaining('openssl genpkey -algorithm ed25519')]);
}, 120_000);

it('a tarball that its author signed is trusted wherever it is installed', async () => {
  await using project = await openProject();
  const author = await makeKeys(project, 'author.pem');
  const directory = join(project.root, 'node_modules', NAME);
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', project.root], {
    cwd: directory,
    stdio: 'pipe',
  });
  const tarball = `${NAME}-1.0.0.tgz`;
  const signed = await project.automate(['plugins', 'sign', `./${tarball}`, '--key', author.file]);
  expect([signed.status, signed.stdout]).toEqual([0, expect.stringContaining(`signed ${NAME}@1.0.0`)]);
  await rm(directory, { recursive: true });
  await mkdir(join(project.root, 'unpacked'));
  execFileSync('tar', ['-xzf', tarball, '-C', 'unpacked'], { cwd: project.root });
  await rename(join(project.root, 'unpacked/package'), directory);
  await project.sandbox.writeFile('config/connectors.yaml', trusting(NAME, [author]));
  expect(await verdict(project)).toEqual([0, ['trusted']]);
  expect(await admitted(project)).toEqual(['admitted']);
  await writeFile(join(directory, 'more.js'), '');
  expect(await admitted(project)).toEqual(['unsigned']);
}, 120_000);

it('a version that nobody signed is held back under a running host, until somebody does', async () => {
  await using project = await openProject();
  const keys = await makeKeys(project, 'ours.pem');
  await project.automate(['plugins', 'update', '--installed', '--yes']);
  await project.automate(['plugins', 'sign', '--key', keys.file]);
  await using it = await SandboxHost.open({
    kinds: [],
    yaml: trusting('*', [keys]),
    prepare: async (sandbox) => {
      await sandbox.addConnector({ kind: 'counting', source: source() });
      await sandbox.writeFile('connectors.lock', readFileSync(join(project.root, 'connectors.lock'), 'utf8'));
    },
  });
  const count = async (): Promise<unknown> =>
    (await it.service.execute({ id: 'one', action: 'count', payload: {} })).result;
  expect(await count()).toMatchObject({ count: 1 });
  await release(it, { version: '2.0.0' });
  const { plugins } = await it.service.rescanPlugins();
  expect(plugins).toMatchObject([{ status: 'rejected', reason: 'unsigned' }]);
  expect(await count()).toMatchObject({ count: 2 });
  expect((await it.service.get('one')).connector.heldBack).toMatch(
    /over something else.*plugins\.signatures is "require"/,
  );
}, 120_000);
