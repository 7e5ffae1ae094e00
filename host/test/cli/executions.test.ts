import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@automate/client';
import type { ConnectorService, JsonObject } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { AUTOMATE, CliProject, plainEnvironment } from './fixtures/cli-project.ts';
import { collect } from './fixtures/run-command.ts';
import type { ServingHost } from './fixtures/serving-host.ts';

const ID = /^[0-9a-f-]{36}$/;
const say = (text: string): readonly string[] => ['execute', 'echo', 'say', '--input', JSON.stringify({ text })];

describe('executions on the command line', () => {
  let project: CliProject;
  let host: ServingHost;
  let client: ConnectorService;
  beforeAll(async () => {
    project = await CliProject.open({
      kinds: ['echo'],
      yaml: 'connectors:\n  - { id: echo, retry: { attempts: 1 } }\n',
    });
    host = await project.start({ env: { TZ: 'Asia/Tokyo' } });
    client = await connect({ cwd: project.root, env: {} });
  });
  afterAll(async () => {
    await client.close();
    await host[Symbol.asyncDispose]();
    await project[Symbol.asyncDispose]();
  });

  /** One that has ended. */
  async function run(action: string, payload: JsonObject): Promise<string> {
    const { id } = await client.startExecution({ id: 'echo', action, payload });
    for await (const _now of client.watchExecution(id));
    return id;
  }

  it('starts one, says which, and shows what came of it', async () => {
    const { status, stdout, stderr } = await project.automate([...say('a'), '--async']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [id = '', words] = stdout.trim().split('  ');
    expect([id, words]).toEqual([expect.stringMatching(ID), 'echo say: queued']);
    const watched = await project.automate(['executions', 'watch', id]);
    expect([watched.status, watched.stdout.trim().split('\n').at(-1)]).toEqual([0, `${id}  echo say: succeeded`]);
    const got = await project.automate(['executions', 'get', id]);
    expect(got.stdout).toContain('status: succeeded\n');
    expect(got.stdout).toContain('  text: a\n');
  });

  it('waits for the end where it is told to, and prints the result as a call does', async () => {
    const { status, stdout, stderr } = await project.automate([...say('b'), '--async', '--wait']);
    expect([status, JSON.parse(stdout)]).toEqual([0, { text: 'b', greeting: 'hello' }]);
    expect(stderr).toMatch(/^started: execution [0-9a-f-]{36}\n$/);
  });

  it('asks for it as it is told to', async () => {
    const given = ['--async', '--json', '--priority', '7', '--idempotency-key', 'cli', '--run-timeout', '100ms'];
    const wait = [
      'execute',
      'echo',
      'wait',
      '--input',
      JSON.stringify({ began: join(project.root, 'timed'), ms: 600_000 }),
    ];
    const started = await project.json([...wait, ...given]);
    expect(started).toMatchObject({ priority: 7, idempotency_key: 'cli' });
    const { status, error } = await eventually(
      () => client.getExecution(String(started['id'])),
      (now) => now.status !== 'queued' && now.status !== 'running',
    );
    expect([status, error?.code]).toEqual(['failed', 'TIMEOUT']);
    const told = ['--callback-url', 'https://example.com/'];
    const schedule = ['schedules', 'set', 'told', 'echo', 'say', '--cron', '0 9 * * *', '--json'];
    for (const args of [
      [...say('a'), '--async', ...told],
      [...schedule, ...told],
    ])
      expect((await project.automate(args)).stderr).toContain('callback_url: expected none');
    const set = await project.json([...schedule, '--priority', '-3', '--run-timeout', '9s']);
    expect(set).toMatchObject({ priority: -3, run_timeout_ms: 9_000, time_zone: 'Asia/Tokyo' });
    expect((await client.removeSchedule('told')).name).toBe('told');
  });

  it('fails as a call does', async () => {
    const fail = ['execute', 'echo', 'fail', '--input', '{"how":"auth"}'];
    const direct = await project.automate(fail);
    const waited = await project.automate([...fail, '--async', '--wait']);
    expect([waited.status, waited.stderr.split('\n').slice(1)]).toEqual([direct.status, direct.stderr.split('\n')]);
    const id = await run('fail', { how: 'auth' });
    const watched = await project.automate(['executions', 'watch', id]);
    expect([watched.status, watched.stderr]).toEqual([1, 'the execution is failed\n']);
    expect(watched.stdout).toContain(`${id}  echo fail: failed; AUTH_FAILED: the remote refused the token\n`);
  });

  it('lists them, those that are dead, and a page at a time', async () => {
    const [dead, well] = [await run('fail', { how: 'auth' }), await run('say', { text: 'c' })];
    const { stdout, stderr } = await project.automate(['executions', 'list', '--limit', '2']);
    expect(stderr).toMatch(/^there are more: --after \d+$/m);
    const nobodys = await project.automate(['executions', 'list', '--principal', 'nobody']);
    expect(nobodys.stdout).toMatch(/^no executions/);
    expect(stdout).toMatch(/^EXECUTION +CONNECTOR +ACTION +STATUS +PROGRESS OR ERROR +CREATED +BY$/m);
    expect(stdout).toMatch(new RegExp(`^${dead} +echo +fail +failed +AUTH_FAILED`, 'm'));
    expect(stdout).toMatch(new RegExp(`^${well} +echo +say +succeeded`, 'm'));
    const idsOf = ({ executions }: JsonObject) => (executions as JsonObject[]).map(({ id }) => id);
    const deadOnes = await project.json(['executions', 'list', '--dead-letters', '--connector', 'echo']);
    expect(idsOf(deadOnes)).toContain(dead);
    expect(idsOf(deadOnes)).not.toContain(well);
    const first = await project.json(['executions', 'list', '--limit', '1', '--status', 'failed', 'succeeded']);
    expect(idsOf(first)).toEqual([well]);
    const next = await project.json(['executions', 'list', '--limit', '1', '--after', String(first['next'])]);
    expect(idsOf(next)).toEqual([dead]);
  });

  it('runs one again, and refuses to do that twice', async () => {
    const id = await run('fail', { how: 'bug' });
    const again = await project.automate(['executions', 'rerun', id, '--wait']);
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('a bug in the connector')]);
    const twice = await project.automate(['executions', 'rerun', id]);
    expect([twice.status, twice.stderr]).toEqual([1, expect.stringContaining('was run again already')]);
  });

  it('cancels one that runs, and one that waits', async () => {
    const began = join(project.root, 'cancelled-began');
    const { id } = await client.startExecution({ id: 'echo', action: 'wait', payload: { began } });
    await eventually(() => existsSync(began));
    const watching = project.automate(['executions', 'watch', id, '--json']);
    const { stdout } = await project.automate(['executions', 'cancel', id]);
    expect(stdout).toContain(`${id}  echo wait: cancelled`);
    const watched = await watching;
    expect(watched.status).toBe(1);
    const lines = watched.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonObject);
    expect(lines.at(-1)).toMatchObject({ id, status: 'cancelled' });
    const later = await project.automate([...say('d'), '--async', '--run-at', '2h']);
    expect(later.stdout).toMatch(/  echo say: queued; not before 20\d\d-/);
    const waiting = later.stdout.split('  ')[0] ?? '';
    await client.cancelExecution(waiting);
    const twice = await project.automate(['executions', 'cancel', waiting]);
    expect([twice.status, twice.stderr]).toEqual([1, expect.stringContaining('has ended already')]);
  });

  it('leaves an execution running whose command is interrupted, or has waited long enough', async () => {
    const began = join(project.root, 'left-began');
    const gate = join(project.root, 'left-gate');
    const input = JSON.stringify({ began, gate });
    const command = [AUTOMATE, 'execute', 'echo', 'wait', '--input', input, '--async', '--wait'];
    const child = spawn(process.execPath, command, { cwd: project.root, env: plainEnvironment() });
    const printed = collect(child);
    await eventually(() => existsSync(began));
    child.kill('SIGINT');
    await once(child, 'close');
    const [id = ''] = /[0-9a-f-]{36}/.exec(printed().stderr) ?? [];
    expect(await client.getExecution(id)).toMatchObject({ status: 'running' });
    writeFileSync(gate, '');
    await eventually(async () => (await client.getExecution(id)).status === 'succeeded');

    const more = JSON.stringify({ gate: join(project.root, 'late-gate') });
    const timed = ['execute', 'echo', 'wait', '--input', more, '--async', '--wait', '--timeout', '100ms'];
    const late = await project.automate(timed);
    expect([late.status, late.stderr]).toEqual([
      1,
      expect.stringMatching(/it has not ended in time; the execution goes on: "automate executions watch [0-9a-f-]+"/),
    ]);
    writeFileSync(join(project.root, 'late-gate'), '');
  });

  it('sets schedules, shows, pauses and removes them', async () => {
    const cron = ['--cron', '0 9 1 1 *', '--time-zone', 'Europe/Berlin'];
    const words = 'yearly  echo say: 0 9 1 1 * (Europe/Berlin), ';
    const set = await project.automate([
      'schedules',
      'set',
      'yearly',
      'echo',
      'say',
      ...cron,
      '--input',
      '{"text":"a"}',
    ]);
    expect([set.status, set.stdout]).toEqual([0, expect.stringMatching(/next at 20\d\d-01-01T08:00:00.000Z\n$/)]);
    expect(set.stdout).toContain(words);
    expect((await project.automate(['schedules', 'pause', 'yearly'])).stdout).toBe(`${words}paused\n`);
    const listed = await project.automate(['schedules', 'list']);
    expect(listed.stdout).toMatch(/^SCHEDULE +CONNECTOR +ACTION +CRON +ZONE +NEXT +LAST +BY$/m);
    expect(listed.stdout).toMatch(/^yearly +echo +say +0 9 1 1 \* +Europe\/Berlin +paused/m);
    const resumed = await project.automate(['schedules', 'resume', 'yearly']);
    expect(resumed.stdout).toBe(set.stdout);
    const completed = await project.automate(['completion', 'fish', '--complete', '--', 'schedules', 'remove', 'y']);
    expect(completed.stdout).toContain('yearly');
    expect((await project.automate(['schedules', 'remove', 'yearly'])).status).toBe(0);
    const gone = await project.automate(['schedules', 'resume', 'yearly']);
    expect([gone.status, gone.stderr]).toEqual([1, expect.stringContaining('yearly')]);
  });

  it('completes the ids of executions', async () => {
    const id = await run('say', { text: 'e' });
    const { stdout } = await project.automate([
      'completion',
      'fish',
      '--complete',
      '--',
      'executions',
      'get',
      id.slice(0, 8),
    ]);
    expect(stdout).toContain(id);
  });

  it.each([
    [['--wait'], /--wait is for executions: give --async beside it/],
    [['--priority', '3'], /--priority is for executions/],
    [['--async', '--run-at', '2027-02-29T00:00:00Z'], /--run-at: expected a time such as 5m/],
    [['--async', '--run-at', 'tomorrow'], /--run-at: expected a time such as 5m/],
    [['--async', '--run-timeout', 'long'], /--run-timeout: expected a duration/],
  ])('refuses %j as wrong usage', async (options, words) => {
    const { status, stderr } = await project.automate([...say('f'), ...options]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(words)]);
  });

  it('refuses a priority that is none in the words of the service', async () => {
    const { status, stderr } = await project.automate([...say('f'), '--async', '--priority', 'high']);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('priority: expected a whole number from -100 to 100'),
    ]);
  });
});

describe('without a host', () => {
  it('starts, watches and repeats nothing, and shows what is kept', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors:\n  - { id: echo }\n' });
    let id: string;
    {
      await using _host = await project.start();
      id = String((await project.json([...say('a'), '--async', '--run-at', '2999-01-01']))['id']);
    }
    for (const args of [
      [...say('a'), '--async'],
      ['executions', 'watch', id],
      ['executions', 'rerun', id],
    ])
      expect((await project.automate(args)).status).toBe(69);
    expect(await project.json(['executions', 'get', id])).toMatchObject({ id, status: 'queued' });
    expect((await project.automate(['executions', 'list'])).stdout).toContain(id);
  });
});
