import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { findCulprits, findLastGood } from '../../src/cli/bisect/find-culprits.ts';
import { AUTOMATE, CliProject, plainEnvironment } from './fixtures/cli-project.ts';
import { collect } from './fixtures/run-command.ts';

const NAMES = Array.from({ length: 12 }, (_none, index) => `part_${index}`);

describe('the search for culprits', () => {
  it.each([
    ['one', ['part_7'], 9],
    ['the first', ['part_0'], 9],
    ['two that do it together', ['part_2', 'part_9'], 60],
    ['three that do it together', ['part_0', 'part_5', 'part_11'], 90],
  ])('finds %s, and asks no more than it has to', async (_what, guilty, most) => {
    let asked = 0;
    const found = await findCulprits(NAMES, async (some) => {
      asked += 1;
      return guilty.every((name) => some.includes(name));
    });
    expect(found.toSorted()).toEqual(guilty.toSorted());
    expect(asked).toBeLessThanOrEqual(most);
  });

  it.each([
    [[], undefined],
    [[true], 0],
    [[false], undefined],
    [[true, true, false, false, false], 1],
    [[true, false, false, false, false, false, false, false], 0],
    [[false, false, false], undefined],
    [[true, true, true], 2],
  ])('finds the last good version of %j', async (good, last) => {
    const versions = good.map((_each, index) => index);
    expect(await findLastGood(versions, async (index) => good[index] ?? false)).toBe(last);
  });
});

/** A kind whose health check does something. */
function source(kind: string, check = ''): string {
  return `
import { execFileSync } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { ConnectorAdapter } from '@automate/sdk';
export default class Part extends ConnectorAdapter {
  name = '${kind}';
  version = '1.0.0';
  async connect() { return true; }
  async healthCheck() { ${check} return { status: 'healthy', message: 'well' }; }
}
`;
}

/** As many as it takes to look at halves and at quarters. */
const PLUGINS = NAMES.slice(0, 6);

/** Plugins of which some do something else than the others. */
async function openPlugins(checks: Readonly<Record<string, string>>): Promise<CliProject> {
  const yaml = `connectors:\n${PLUGINS.map((kind) => `  - { id: ${kind} }\n`).join('')}`;
  const project = await CliProject.open({ kinds: [], yaml });
  for (const kind of PLUGINS) await project.sandbox.addConnector({ kind, source: source(kind, checks[kind]) });
  return project;
}

/** Those that were told of the directory. */
async function processesOf(directory: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_pid, index) => commands[index]?.includes(directory));
}

describe('automate bisect', () => {
  it('finds the one of six plugins that ends the host, and the command that mends it', async () => {
    // Only what its level does not hold can end a host: a thread and the host are one process.
    await using project = await openPlugins({ part_4: `execFileSync('/bin/kill', ['-KILL', String(process.pid)]);` });
    const { status, stdout, stderr } = await project.automate(['bisect', '--json']);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^1\. with all 6 plugins: the host ended \(SIGKILL\)$/m),
    });
    expect(JSON.parse(stdout)).toMatchObject({
      trouble: 'the host ended (SIGKILL)',
      culprits: [{ package: 'connector-part-4', last_good: null, mend: 'automate plugins remove connector-part-4' }],
    });
    await using host = await project.start({ args: ['--without', 'connector-part-4'] });
    expect(host.ready.plugins.find((plugin) => plugin.package === 'connector-part-4')?.status).toBe('rejected');
  });

  it('finds the plugin that keeps another one from being well', async () => {
    const port = 20_000 + (process.pid % 20_000);
    await using project = await openPlugins({
      part_2: `if (!globalThis.taken) await new Promise((done) => (globalThis.taken = createServer().on('error', done).listen(${port}, '127.0.0.1', done)));`,
      part_5: `for (let tries = 0; tries < 30; tries += 1) {
        const taken = await new Promise((done) => connect(${port}, '127.0.0.1', () => done(true)).on('error', () => done(false)));
        if (taken) return { status: 'unhealthy', message: 'somebody has my port' };
        await new Promise((done) => setTimeout(done, 50));
      }`,
    });
    const { status, stdout } = await project.automate(['bisect', '--connector', 'part_5', '--json']);
    expect({ status, report: JSON.parse(stdout) }).toMatchObject({
      status: 1,
      report: {
        trouble: expect.stringMatching(/"part_5" is unhealthy: .*somebody has my port/),
        culprits: [{ package: 'connector-part-2' }],
        also_unhealthy: [],
      },
    });
  });

  it.each([
    ['nobody', 2, 'no connector has the id "nobody"'],
    ['off', 1, '"off" cannot be looked at: it is disabled: "automate connectors enable off"'],
    ['ghost', 1, '"ghost" cannot be looked at: no plugin that is admitted has its kind "not_installed"'],
  ])('takes a connector for well that it has looked at, and no other: %s', async (id, status, why) => {
    await using project = await CliProject.open({
      kinds: ['echo'],
      yaml: 'connectors: [{ id: off, kind: echo, enabled: false }, { id: ghost, kind: not_installed }]\n',
    });
    const asked = await project.automate(['bisect', '--connector', id]);
    expect(asked).toMatchObject({ status, stdout: '', stderr: expect.stringContaining(why) });
  });

  it.each<[NodeJS.Signals, number]>([
    ['SIGINT', 0],
    ['SIGINT', 400],
    ['SIGTERM', 800],
    ['SIGKILL', 800],
  ])('leaves no host behind when it is ended, and but for the last no copies: %s after %i ms', async (signal, ms) => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors: [{ id: echo }]\n' });
    await project.automate(['connectors', 'list']);
    const scratch = await mkdtemp(join(tmpdir(), 'bisect-'));
    const child = spawn(process.execPath, [AUTOMATE, 'bisect'], {
      cwd: project.root,
      env: { ...plainEnvironment(), TMPDIR: scratch },
    });
    const said = collect(child);
    const ended = once(child, 'close');
    const isTrying = async () => (await readdir(scratch)).some((name) => name.startsWith('automate-bisect-'));
    try {
      await eventually(isTrying);
      await new Promise((resolve) => setTimeout(resolve, ms));
      child.kill(signal);
      await ended;
      await eventually(async () => (await processesOf(scratch)).length === 0);
      if (signal === 'SIGKILL') return;
      expect({ status: child.exitCode, stderr: said().stderr }).toEqual({ status: 1, stderr: 'interrupted\n' });
      expect(await isTrying()).toBe(false);
    } finally {
      for (const pid of await processesOf(scratch)) process.kill(Number(pid), 'SIGKILL');
      await rm(scratch, { recursive: true, force: true });
    }
  });

  it('says that nothing is wrong, and leaves data and project as they are', async () => {
    await using project = await openPlugins({});
    await using _host = await project.start();
    await project.json(['connectors', 'register', '--input', '{ id: mine, kind: part_1 }']);
    const before = await project.json(['connectors', 'list']);
    const { status, stdout } = await project.automate(['bisect']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^nothing is wrong/) });
    expect(await project.json(['connectors', 'list'])).toEqual(before);
  });
});
