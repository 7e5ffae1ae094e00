import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeProblem } from '@automate/contract';
import { CliProject } from '../cli/fixtures/cli-project.ts';
import { count, ENTRY, entry, source } from '../fixtures/counting-host.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const LIMITED = `${ENTRY}access: { limits: { requests_per_second: 1 } }\n`;

describe('a configuration', () => {
  let host: SandboxHost;
  beforeAll(async () => {
    host = await SandboxHost.open({
      kinds: [],
      yaml: ENTRY,
      env: { AUDIT: 'on' },
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'counting', source: source() })),
    });
    await host.service.healthCheck('one');
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  /** How many requests at once are answered. */
  const statuses = async (): Promise<readonly number[]> =>
    Promise.all(
      Array.from({ length: 20 }, async () => (await fetch(`${host.host.httpAddress}/api/v1/connectors`)).status),
    );

  it('is planned with what should be looked at in it, though it works', async () => {
    await writeFile(join(host.sandbox.root, 'config', 'connectors.yml'), 'connectors: []\n');
    const { warnings: ofFile } = await host.service.planConfig();
    expect(ofFile).toEqual([expect.stringContaining('connectors.yml is not read')]);
    await rm(join(host.sandbox.root, 'config', 'connectors.yml'));
    const { warnings } = await host.service.planConfig({
      yaml: `${ENTRY}plugins: { grants: { connector-nobody: { env: [REGION] } } }\n`,
    });
    expect(warnings).toEqual([expect.stringContaining('grants what no kind asks for')]);
  });

  it('is faulty where what was registered would not work with it, at what it hangs on', async () => {
    const profile = (settings: string): string =>
      `${ENTRY}profiles: { shared: { kind: counting, settings: ${settings} } }\n`;
    await host.service.applyConfig({ yaml: profile('{ word: well }') });
    await host.service.register({ id: 'user', kind: 'counting', profile: 'shared' });
    const { problems } = await host.service.planConfig({ yaml: profile('{ colour: red }'), name: 'new.yaml' });
    expect(problems).toMatchObject([
      {
        path: 'profiles.shared',
        line: 3,
        message: expect.stringMatching(/^connector "user" would not work: .*colour/),
      },
    ]);
    await host.service.remove('user');
    await host.service.applyConfig({ yaml: ENTRY });
  });

  it('is faulty where it holds to a lock that is not there, and is not applied', async () => {
    const yaml = `${ENTRY}plugins: { frozen: true }\n`;
    const { problems } = await host.service.planConfig({ yaml });
    expect(problems.map(describeProblem).join()).toContain('connectors.lock');
    await expect(host.service.applyConfig({ yaml })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(host.service.planConfig()).resolves.toMatchObject({ sections: [], problems: [] });
  });

  it('that is applied is recorded with what it did to each connector', async () => {
    await host.service.applyConfig({ yaml: `${ENTRY}  - { id: two, kind: counting }\n` });
    await host.service.applyConfig({ yaml: ENTRY });
    const { records } = await host.service.listAudit({ limit: 100 });
    for (const subject of ['added', 'removed'])
      expect(records).toContainEqual(expect.objectContaining({ operation: 'apply', connector: 'two', subject }));
  });

  it('that cannot be written is not in force', async () => {
    const inTheWay = join(host.sandbox.root, '.automate', 'connectors.before-apply.yaml');
    await rm(inTheWay, { force: true });
    await mkdir(join(inTheWay, 'x'), { recursive: true });
    await count(host);
    const yaml = LIMITED.replace(/.*id: one.*\n/, '').replace('connectors:', 'connectors: []');
    await expect(host.service.applyConfig({ yaml })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(host.service.planConfig()).resolves.toMatchObject({ connectors: [], sections: [] });
    // The worker that ran runs on.
    await expect(count(host)).resolves.toMatchObject({ count: 2 });
    expect(await statuses()).not.toContain(429);
    await rm(inTheWay, { recursive: true });
  });

  it('is in force once it was applied, and what comes next is compared with it', async () => {
    const yaml = `${LIMITED}# A last word.\n`;
    await host.service.applyConfig({ yaml });
    const cut = host.service.planConfig({ yaml: yaml.slice(0, -4) });
    expect(await statuses()).toContain(429);
    await expect(cut).resolves.toMatchObject({ problems: [{ received: expect.stringContaining('cut') }] });
  });
});

it('where no host runs everything of the file is new, and nothing else', async () => {
  await using project = await CliProject.open({ kinds: [], yaml: ENTRY });
  await project.sandbox.addConnector({ kind: 'counting', source: source() });
  await project.sandbox.addConnector({ kind: 'by_itself', source: source(), manifest: { autoconfigure: true } });
  await writeFile(join(project.root, 'new.yaml'), `${entry()}mcp: { expose: { read_only: true } }\n`);
  const { status, stdout } = await project.automate(['plan', 'new.yaml', '--json']);
  expect([status, JSON.parse(stdout)]).toMatchObject([
    3,
    { connectors: [{ id: 'one', change: 'added', trial: { status: 'healthy' } }], unchanged: 1, sections: [] },
  ]);
});
