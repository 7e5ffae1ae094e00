import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { ConnectorService, Problem } from '@automate/contract';
import { CliProject } from '../cli/fixtures/cli-project.ts';
import { count, ENTRY, openHost, source } from '../fixtures/counting-host.ts';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import type { SandboxHost } from '../fixtures/sandbox-host.ts';

/** Faults of every sort, some of them in connectors that have faults of other sorts. */
const WRONG = `plugins: { scann: all }
network:
  deny: ["10.0.0.0/8", "10.0.0.0/99"]
profiles:
  shared: { kind: counting, secrets: { key: "secretref://env/default/NO_SUCH_KEY" }, settings: { word: ours } }
connectors:
  - { id: one, kind: counting, settings: { word: kept } }
  - { id: kindless, kind: countin }
  - { id: coloured, kind: counting, settings: { colour: red } }
  - { id: shapeless, kind: counting, port: many }
  - { id: unset, kind: counting, settings: { word: "\${NO_SUCH_VARIABLE}" } }
  - { id: secretless, kind: counting, settings: { token: "secretref://env/default/NO_SUCH_SECRET" } }
  - { id: lost, kind: counting, profile: nobody }
  - { id: twice, kind: counting }
  - { id: twice, kind: counting }
  - { id: denied, kind: counting, host: 10.1.2.3, port: 9090 }
  - { id: metadata, kind: counting, settings: { url: "http://169.254.169.254/latest" } }
  - { id: sharing, kind: counting, profile: shared }
  - { id: sharing-too, kind: counting, profile: shared }
  - { id: own, kind: counting, tls: { ca_file: connectors.yaml } }
  - id: Seven at once
    kind: counting
    port: 99999
    limits: { timeout: soon }
    auth: { type: bearer, token: "secretref://file/mine/token" }
    settings: { colour: blue, url: "http://10.9.9.9:80/" }
    colour: red
  - { id: untyped, kind: 7, settings: { token: "secretref://store/mine/token" } }
  - { id: off, kind: countless, enabled: false }
`;

/** Where each of them is. */
const FAULTS = [
  '1 plugins.scann',
  '3 network.deny[1]',
  '5 profiles.shared.secrets.key',
  '8 connectors[1].kind',
  '9 connectors[2].settings.colour',
  '10 connectors[3].port',
  '11 connectors[4].settings.word',
  '12 connectors[5].settings.token',
  '13 connectors[6].profile',
  '15 connectors[8].id',
  '16 connectors[9].host',
  '17 connectors[10].settings.url',
  '20 connectors[13].tls.ca_file',
  '21 connectors[14].id',
  '23 connectors[14].port',
  '24 connectors[14].limits.timeout',
  '25 connectors[14].auth.token',
  '26 connectors[14].settings.colour',
  '26 connectors[14].settings.url',
  '27 connectors[14].colour',
  '28 connectors[15].kind',
  '28 connectors[15].settings.token',
];

/** The same in a file of the right shape: each connector has faults of its own, and one of them several. */
const SHAPELY = `files: { roots: [no-such-directory] }
profiles:
  shared: { kind: counting, settings: { colour: green } }
connectors:
  - { id: one, kind: counting, settings: { word: kept } }
  - { id: kindless, kind: countin }
  - { id: several, kind: counting, host: 169.254.1.1, port: 80, settings: { colour: red, token: "secretref://env/default/NO_SUCH_SECRET" } }
  - { id: sharing, kind: counting, profile: shared }
  - { id: away, kind: counting, settings: { unreachable: true } }
`;
const SHAPELY_FAULTS = [
  '1 files.roots[0]',
  '3 profiles.shared.settings.colour',
  '6 connectors[1].kind',
  '7 connectors[2].host',
  '7 connectors[2].settings.colour',
  '7 connectors[2].settings.token',
];

const placesOf = (problems: readonly Problem[]): readonly string[] =>
  problems.map(({ line, path }) => `${line} ${path}`).toSorted(byLine);
const byLine = (a: string, b: string): number => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1);
const placesIn = (text: string): readonly string[] =>
  [...text.matchAll(/connectors\.yaml:(\d+):\d+: ([^ ]+): /g)]
    .map(([, line, path]) => `${line} ${path}`)
    .toSorted(byLine);
const fileOf = (root: string): string => join(root, 'config', 'connectors.yaml');

describe('a configuration in which much is wrong', () => {
  let host: SandboxHost;
  let doors: Readonly<Record<string, ConnectorService>>;
  beforeAll(async () => {
    host = await openHost(ENTRY, true);
    doors = {
      'in process': host.service,
      gRPC: await connect({ address: host.host.grpcAddress ?? '' }),
      REST: openRestBackend(host.host.httpAddress ?? ''),
    };
  });
  afterAll(async () => {
    await doors['gRPC']?.close();
    await host?.[Symbol.asyncDispose]();
  });

  it.each(['in process', 'gRPC', 'REST'])(
    '%s is told whole by a plan and by an apply, which touch nothing',
    async (door) => {
      const service = doors[door] as ConnectorService;
      const before = await count(host);
      const { problems } = await service.planConfig({ yaml: WRONG, name: 'new.yaml' });
      expect(placesOf(problems)).toEqual(FAULTS);
      for (const problem of problems) expect(problem).toMatchObject({ file: 'new.yaml', column: expect.any(Number) });
      const plan = await service.planConfig({ yaml: SHAPELY, name: 'new.yaml' });
      expect(placesOf(plan.problems)).toEqual(SHAPELY_FAULTS);
      for (const [yaml, faults] of door === 'gRPC'
        ? [[SHAPELY, SHAPELY_FAULTS] as const]
        : [[WRONG, FAULTS] as const]) {
        const error = (await service.applyConfig({ yaml, name: 'new.yaml' }).catch((reason: unknown) => reason)) as {
          readonly problems?: readonly Problem[];
        };
        expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
        expect(placesOf(error.problems ?? [])).toEqual(faults);
      }
      expect(await readFile(fileOf(host.sandbox.root), 'utf8')).toBe(ENTRY);
      // It is the same worker still.
      expect(await count(host)).toMatchObject({ count: (before as { count: number }).count + 1 });
    },
  );

  it('says of each what is wanted, and what to do', async () => {
    const { problems } = await host.service.planConfig({ yaml: WRONG });
    const told = (path: string): string => {
      const { message, expected, received } = problems.find((problem) => problem.path === path) as Problem;
      return message ?? `expected ${expected}, received ${received}`;
    };
    expect(told('connectors[1].kind')).toContain('"countin"');
    expect(told('connectors[2].settings.colour')).toBe('no colours here');
    expect(told('connectors[5].settings.token')).toContain('NO_SUCH_SECRET');
    expect(told('connectors[9].host')).toMatch(
      /10\.1\.2\.3:9090.*network\.deny.*network: \{ allow: \["10\.1\.2\.3:9090"\] \}/,
    );
    expect(told('connectors[10].settings.url')).toContain('network: { allow: ["169.254.169.254:80"] }');
    expect(told('connectors[13].tls.ca_file')).toContain('connectors.yaml');
    expect(told('connectors[14].settings.url')).toContain('connector "connectors[14]"');
  });

  it('is told soon, however many connectors there are, by one worker for each kind', async () => {
    const many = Array.from(
      { length: 1_000 },
      (_, index) => `  - { id: c${index}, kind: counting, settings: { colour: red } }\n`,
    );
    const { problems } = await host.service.planConfig({
      yaml: `connectors:\n  - { id: wide, port: many }\n${many.join('')}`,
    });
    // As many as are told.
    expect(problems).toHaveLength(201);
    expect(problems.at(-1)).toMatchObject({ received: '802 more' });
  }, 30_000);

  it('is told whole by a reload, which keeps what is', async () => {
    const before = await count(host);
    await host.writeConfig(WRONG);
    const result = await host.host.reload();
    expect(result.ok).toBe(false);
    expect(placesOf(result.ok ? [] : result.problems)).toEqual(FAULTS);
    expect(await count(host)).toMatchObject({ count: (before as { count: number }).count + 1 });
    await host.writeConfig(ENTRY);
  });
});

describe('on the command line', () => {
  it('is told whole by plan, apply, doctor and start, and nothing is made', async () => {
    await using project = await CliProject.open({ kinds: [], yaml: WRONG });
    await project.sandbox.addConnector({ kind: 'counting', source: source() });
    for (const args of [['plan'], ['apply'], ['start']]) {
      const { status, stdout, stderr } = await project.automate(args);
      expect({ args, status, places: placesIn(stdout + stderr) }).toEqual({ args, status: 78, places: FAULTS });
    }
    const doctor = await project.automate(['doctor']);
    expect(placesIn(doctor.stdout)).toEqual(FAULTS);
    expect(await readdir(project.root)).not.toContain('.automate');
    expect(await readFile(fileOf(project.root), 'utf8')).toBe(WRONG);
  });
});
