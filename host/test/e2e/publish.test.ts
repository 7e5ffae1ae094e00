// Long because the packages are published once, which takes a minute, for every way to install and use them.
import { globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import type { Format } from 'esbuild';
import { plainEnvironment, repositoryPath } from '../cli/fixtures/cli-project.ts';
import { runCommand } from '../cli/fixtures/run-command.ts';
import type { Finished } from '../cli/fixtures/run-command.ts';
import { ServingHost } from '../cli/fixtures/serving-host.ts';
import { npm, pnpm } from './fixtures/installers.ts';
import { startRegistry } from './fixtures/registry.ts';
import type { Registry } from './fixtures/registry.ts';
import { writeStrangers } from './fixtures/strangers.ts';

const MINUTES = 60_000;

/** What calls a host: without the host's packages, on the oldest Node that the client is for. */
const CALLER = `import { connect } from '@automate/client';
const main = async () => {
  const service = await connect();
  const { result } = await service.execute({ id: 'clock', action: 'tick' });
  const { code } = await service.get('nobody').catch((error) => error);
  console.log(JSON.stringify({ node: process.version.split('.')[0], result, code }));
  await service.close();
};
void main();
`;
const OLDEST_NODE = '20.20.2';

/** What a stranger wants: the host, and what stands in its folder besides. */
const WANTED = [
  '@automate/host',
  '@acme/connector-weather',
  '@acme/connector-clock',
  '@acme/connector-future',
  '@acme/connector-denied',
  '@acme/toolbox',
];

const CONFIG = `
plugins:
  deny: ["@acme/connector-denied"]
connectors:
  - id: weather
`;

/** The parts of the folder that all of these tests share, made once. */
let root: string;
let witnesses: string;
let registry: Registry;
/** Tarballs by the name of the package. */
const tarballs = new Map<string, string>();

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'automate-publish-')));
  witnesses = join(root, 'witnesses');
  registry = await startRegistry();
  const folders = await writeStrangers(join(root, 'strangers'), witnesses);
  const manifests = (): readonly string[] =>
    globSync('{host,packages/*,plugins/*}/package.json', { cwd: repositoryPath() }).map((file) =>
      readFileSync(repositoryPath(file), 'utf8'),
    );
  const before = manifests();
  const ours = [
    '--filter',
    './packages/*',
    '--filter',
    './plugins/*',
    '--filter',
    './host',
    '--filter',
    '!@automate/tooling',
    '--filter',
    '!@automate/dashboard',
  ];
  await pnpm([...ours, 'publish', '--registry', registry.url, '--no-git-checks'], repositoryPath());
  await mkdir(join(root, 'tarballs'));
  await pnpm([...ours, 'pack', '--pack-destination', join(root, 'tarballs')], repositoryPath());
  expect(manifests()).toEqual(before);
  for (const folder of folders) {
    await pnpm(['publish', '--registry', registry.url, '--no-git-checks'], folder);
    await pnpm(['pack', '--pack-destination', join(root, 'tarballs')], folder);
  }
  for (const file of await readdir(join(root, 'tarballs'))) {
    const name = basename(file, '-1.0.0.tgz').replace(/^(automate|acme)-/, '@$1/');
    tarballs.set(name, join(root, 'tarballs', file));
  }
}, 5 * MINUTES);

afterAll(async () => {
  await registry?.close();
  await rm(root, { recursive: true, force: true, maxRetries: 3 });
}, MINUTES);

interface Way {
  readonly title: string;
  /** Whether transitive packages lie where the host looks, to be refused there. */
  readonly flat: boolean;
  install(folder: string): Promise<unknown>;
  remove(folder: string, name: string): Promise<unknown>;
}

/** pnpm looks for packages that tarballs name in the registry, unless it is told where they are. */
const overrides = (): string =>
  ['overrides:', ...[...tarballs].map(([name, file]) => `  '${name}': 'file:${file}'`)].join('\n');
// No line about install scripts: pnpm ends with an error where a dependency has one that nobody has decided about.
const SETTINGS = 'minimumReleaseAge: 0\n';
const fromRegistry = (): readonly string[] => ['--registry', registry.url, '--cache', join(root, 'npm-cache')];
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

const WAYS: readonly Way[] = [
  {
    title: 'pnpm from a registry',
    flat: false,
    install: async (folder) => {
      // What it learns from this registry must not stay in this machine's cache.
      await writeFile(join(folder, 'pnpm-workspace.yaml'), `${SETTINGS}cacheDir: ${join(root, 'pnpm-cache')}\n`);
      await pnpm(['add', '--registry', registry.url, ...WANTED], folder);
    },
    remove: (folder, name) => pnpm(['remove', '--registry', registry.url, name], folder),
  },
  {
    title: 'pnpm from tarballs',
    flat: false,
    install: async (folder) => {
      await writeFile(join(folder, 'pnpm-workspace.yaml'), `${SETTINGS}${overrides()}\n`);
      await pnpm(['add', ...WANTED.map((name) => tarballs.get(name) ?? name)], folder);
    },
    remove: (folder, name) => pnpm(['remove', name], folder),
  },
  {
    title: 'npm from a registry',
    flat: true,
    install: (folder) => npm(['install', ...QUIET, ...fromRegistry(), ...WANTED], folder),
    remove: (folder, name) => npm(['uninstall', ...QUIET, ...fromRegistry(), name], folder),
  },
  {
    title: 'npm from tarballs',
    flat: true,
    install: async (folder) => {
      // Every tarball has to be named, since what they depend on is in no registry; but the transitive one must stay so.
      const others = ['@automate/contract', '@automate/grpc', '@automate/sdk', '@automate/client'];
      const transitive = '@acme/connector-transitive';
      await writeProject(folder, { overrides: { [transitive]: `file:${tarballs.get(transitive)}` } });
      await npm(['install', ...QUIET, ...[...WANTED, ...others].map((name) => tarballs.get(name) ?? name)], folder);
    },
    remove: (folder, name) => npm(['uninstall', ...QUIET, name], folder),
  },
];

function writeProject(folder: string, fields: object = {}): Promise<void> {
  return writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'fresh', version: '1.0.0', private: true, ...fields }),
  );
}

it(
  'brings an author less than ten packages, none of gRPC, and nothing that the installer must be told about',
  async () => {
    const folder = join(root, 'author');
    await mkdir(folder);
    await writeProject(folder);
    await writeFile(join(folder, 'pnpm-workspace.yaml'), `${SETTINGS}cacheDir: ${join(root, 'pnpm-cache')}\n`);
    await pnpm(['add', '--registry', registry.url, '@automate/sdk', '@automate/testing'], folder);
    const installed = await readdir(join(folder, 'node_modules/.pnpm'));
    const packages = installed.filter((name) => name.includes('@')).map((name) => name.replace(/@[^@+]*$/, ''));
    expect(packages.length).toBeLessThan(10);
    expect(packages.filter((name) => /grpc|protobuf/.test(name))).toEqual([]);
  },
  3 * MINUTES,
);

describe('a program that calls a host', () => {
  let folder: string;
  let host: ServingHost;
  let program: string;

  beforeAll(async () => {
    folder = join(root, 'caller');
    await mkdir(folder);
    await writeProject(folder);
    program = join(folder, 'program.mjs');
    await writeFile(program, CALLER);
    const node = `node-${process.platform}-${process.arch}@${OLDEST_NODE}`;
    await npm(['install', ...QUIET, ...fromRegistry(), '--omit=peer', '@automate/client', node], folder);
    const project = join(root, 'called');
    await mkdir(project);
    await writeProject(project);
    await npm(['install', ...QUIET, ...fromRegistry(), '@automate/host', '@acme/connector-clock'], project);
    host = await ServingHost.start({
      command: join(project, 'node_modules/.bin/automate'),
      args: ['start'],
      cwd: project,
      env: { ...plainEnvironment(), GRPC_PORT: '0', HTTP_PORT: '0', LOG_FORMAT: 'json' },
    });
  }, 5 * MINUTES);

  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
  });

  async function call(file: string): Promise<unknown> {
    const env = { ...plainEnvironment(), CONNECTORS_SERVICE_ADDR: host.ready.grpc };
    const { stdout, stderr } = await runCommand(join(folder, 'node_modules/.bin/node'), [file], { cwd: folder, env });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  }

  const ANSWER = { node: 'v20', result: { tick: 'tock' }, code: 'NOT_FOUND' };

  it('runs as it is', async () => {
    expect(await call(program)).toEqual(ANSWER);
  });

  it.each([
    ['esm', 'mjs'],
    ['cjs', 'cjs'],
  ])('runs when it is bundled as %s, with nothing installed beside it', async (format, ending) => {
    const outfile = join(root, `bundled.${ending}`);
    await build({
      absWorkingDir: folder,
      entryPoints: [program],
      outfile,
      bundle: true,
      platform: 'node',
      format: format as Format,
      // The host is a choice of its user's.
      external: ['@automate/host'],
      logLevel: 'error',
    });
    expect(await call(outfile)).toEqual(ANSWER);
  });
});

describe.each(WAYS)("a stranger's connector, installed with $title", (way) => {
  let folder: string;
  let host: ServingHost | undefined;

  beforeAll(async () => {
    folder = join(root, way.title.replaceAll(' ', '-'));
    await mkdir(join(folder, 'config'), { recursive: true });
    await writeProject(folder);
    await writeFile(join(folder, 'config/connectors.yaml'), CONFIG);
    await rm(witnesses, { recursive: true });
    await mkdir(witnesses);
    await way.install(folder);
  }, 5 * MINUTES);

  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
  });

  /** The command as the installer linked it. */
  const automate = (...args: string[]): Promise<Finished> =>
    runCommand(join(folder, 'node_modules/.bin/automate'), args, { cwd: folder, env: plainEnvironment() });

  async function json(...args: string[]): Promise<Record<string, unknown>> {
    const { status, stdout, stderr } = await automate(...args, '--json');
    if (status !== 0) throw new Error(`automate ${args.join(' ')}: exit code ${status}\n${stdout}${stderr}`);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  it('comes with ranges that any installer understands', () => {
    const files = globSync('node_modules/{.pnpm/*/node_modules/,}@automate/*/package.json', { cwd: folder });
    const found = files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as { name: string });
    expect(found.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['@automate/host', '@automate/sdk', '@automate/contract', '@automate/client']),
    );
    expect(JSON.stringify(found)).not.toContain('workspace:');
    expect(found.find(({ name }) => name === '@automate/host')).toMatchObject({
      dependencies: { '@automate/sdk': '1.0.0', '@automate/client': '1.0.0' },
    });
    expect(found.find(({ name }) => name === '@automate/client')).toMatchObject({
      peerDependencies: { '@automate/host': '^1.0.0' },
    });
  });

  it('is admitted; what is for another host, denied or nobody asked for is refused with its reason', async () => {
    const { plugins } = (await json('plugins', 'list')) as unknown as {
      plugins: readonly { package: string; status: string; reason?: string; message?: string }[];
    };
    const verdicts = Object.fromEntries(plugins.map(({ package: name, status, reason }) => [name, reason ?? status]));
    expect(verdicts).toEqual({
      '@acme/connector-clock': 'admitted',
      '@acme/connector-denied': 'denied',
      '@acme/connector-future': 'incompatible',
      '@acme/connector-weather': 'admitted',
      // Elsewhere it lies where only the package that asked for it finds it.
      ...(way.flat ? { '@acme/connector-transitive': 'transitive' } : {}),
    });
    expect(plugins.find(({ package: name }) => name === '@acme/connector-future')?.message).toMatch(
      /\^2\.0\.0.*1\.0\.0/,
    );
  });

  it('works with one entry in the configuration, or with none where it configures itself', async () => {
    host = await ServingHost.start({
      command: join(folder, 'node_modules/.bin/automate'),
      args: ['start'],
      cwd: folder,
      env: { ...plainEnvironment(), GRPC_PORT: '0', HTTP_PORT: '0', LOG_FORMAT: 'json' },
    });
    expect(host.ready.connectors.map(({ id }) => id)).toEqual(['clock', 'weather']);
    const call = async (id: string, action: string): Promise<unknown> => {
      const answer = await fetch(`${host!.ready.http}/api/v1/connectors/${id}/actions/${action}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"city":"Oslo"}',
      });
      return ((await answer.json()) as { result: unknown }).result;
    };
    expect(await call('weather', 'forecast')).toEqual({ city: 'Oslo', sky: 'clear' });
    expect(await call('clock', 'tick')).toEqual({ tick: 'tock' });
    expect(await json('execute', 'weather', 'forecast', '--input', '{"city":"Rome"}')).toMatchObject({
      result: { city: 'Rome', sky: 'clear' },
    });
    expect(await json('execute', 'clock', 'tick')).toMatchObject({ result: { tick: 'tock' } });
    expect(await json('connectors', 'health')).toMatchObject({
      results: { clock: { status: 'healthy' }, weather: { status: 'healthy' } },
    });
  });

  it('has with it what misbehaves in automate isolation', async () => {
    expect(await json('isolation', '--run', '--faults', 'exit', '--levels', 'none', 'process')).toMatchObject({
      cells: [
        { fault: 'exit', level: 'none', outcome: 'host lost: exit code 0' },
        { fault: 'exit', level: 'process', outcome: 'WORKER_LOST process_exit (maybe)', beside_failed: 0 },
      ],
    });
  });

  it(
    'is gone after its removal and a rescan, and the others go on',
    async () => {
      await way.remove(folder, '@acme/connector-weather');
      const answer = await fetch(`${host!.ready.http}/api/v1/plugins/rescan`, { method: 'POST' });
      expect(answer.status).toBe(200);
      const { plugins } = (await answer.json()) as { plugins: readonly { package: string }[] };
      expect(plugins.map(({ package: name }) => name)).not.toContain('@acme/connector-weather');
      expect(await automate('execute', 'weather', 'forecast')).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/^UNAVAILABLE: .*weather/),
      });
      expect(await json('execute', 'clock', 'tick')).toMatchObject({ result: { tick: 'tock' } });
    },
    3 * MINUTES,
  );

  it('never had the code of a package loaded that was not admitted', async () => {
    await automate('plugins', 'check');
    // Those that were leave their mark each time, which shows that the marks tell the truth.
    expect(await readdir(witnesses)).toEqual(['clock', 'weather']);
    const finished = await host!.end();
    expect(finished).toMatchObject({ status: 0, signal: null });
  });
});
