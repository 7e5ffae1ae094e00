import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CliProject, NO_HOST } from './fixtures/cli-project.ts';

const YAML = `
connectors:
  - id: echo
    tags: [blue]
    auth: { type: bearer, token: canary-token }
    settings: { greeting: hi }
  - { id: off, kind: echo, type: messaging, enabled: false }
  - { id: ghost, kind: not_installed }
  - { id: refused, kind: unreachable }
`;

/** A colour, or anything else that only a terminal understands. */
const ESCAPE = '\u001b';

describe('the commands, without a running host', () => {
  let project: CliProject;
  beforeAll(async () => {
    project = await CliProject.open({ yaml: YAML });
    await project.sandbox.addConnector({ kind: 'future', source: 'throw new Error("loaded")', engines: '^2.0.0' });
  });
  afterAll(() => project[Symbol.asyncDispose]());

  describe('plugins list', () => {
    it('is a table for people', async () => {
      const { status, stdout, stderr } = await project.automate(['plugins', 'list']);
      expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(NO_HOST) });
      expect(stdout).toMatch(/^PACKAGE +VERSION +STATUS +KINDS +PERMISSIONS +REASON$/m);
      expect(stdout).toMatch(/^connector-echo +1\.0\.0 +admitted +echo$/m);
      expect(stdout).toMatch(/^connector-future +1\.0\.0 +rejected +future +.*\^2\.0\.0.*1\.0\.0/m);
    });

    it('is the discovery report for programs', async () => {
      const report = await project.json(['plugins', 'list']);
      expect(report).toMatchObject({ count: 4 });
      expect(report['plugins']).toContainEqual(
        expect.objectContaining({ package: 'connector-echo', status: 'admitted', kinds: ['echo'] }),
      );
      expect(report['plugins']).toContainEqual(
        expect.objectContaining({ package: 'connector-future', status: 'rejected', reason: 'incompatible' }),
      );
    });
  });

  it('plugins check ends with 1 and says what to do about what is incompatible', async () => {
    const { status, stdout, stderr } = await project.automate(['plugins', 'check']);
    expect(status).toBe(1);
    expect(stdout).toMatch(/connector-future.*upgrade the host/);
    expect(stderr).toMatch(/^1 of what was found needs someone to act$/m);
    const json = await project.automate(['plugins', 'check', '--json']);
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ count: 4 });
  });

  describe('connectors list', () => {
    it('is a table for people, with the reason where a connector cannot be used', async () => {
      const { status, stdout } = await project.automate(['connectors', 'list']);
      expect(status).toBe(0);
      expect(stdout).toMatch(/^ID +KIND +TYPE +STATUS +OWNER +ISOLATION +ENDPOINT OR ERROR$/m);
      expect(stdout).toMatch(/^echo +echo +custom +unknown +file +thread$/m);
      expect(stdout).toMatch(/^off +echo +messaging +unavailable +file/m);
      expect(stdout).toMatch(/^ghost +not_installed +custom +unhealthy +file +.*not_installed.*/m);
    });

    it('filters by type, tag and whether a connector is enabled', async () => {
      const ids = async (...filter: string[]): Promise<unknown> => {
        const { connectors } = await project.json<{ connectors: { id: string }[] }>(['connectors', 'list', ...filter]);
        return connectors.map(({ id }) => id);
      };
      expect(await ids()).toEqual(['echo', 'ghost', 'off', 'refused']);
      expect(await ids('--type', 'messaging')).toEqual(['off']);
      expect(await ids('--tag', 'blue')).toEqual(['echo']);
      expect(await ids('--enabled')).toEqual(['echo', 'ghost', 'refused']);
    });
  });

  it('connectors get shows the configuration in the words of the file, without its secrets', async () => {
    const people = await project.automate(['connectors', 'get', 'echo']);
    expect(people.status).toBe(0);
    expect(people.stdout).toMatch(/^id: echo$/m);
    expect(people.stdout).toMatch(/interval: 30s/);
    const shown = await project.json(['connectors', 'get', 'echo']);
    expect(shown).toMatchObject({
      id: 'echo',
      config: { auth: { type: 'bearer', token: '[secret]' }, tags: ['blue'] },
    });
    expect(people.stdout + JSON.stringify(shown)).not.toContain('canary-token');
  });

  it('connectors health checks one or all, and ends with 1 where one is not healthy', async () => {
    const one = await project.automate(['connectors', 'health', 'echo']);
    expect(one.status).toBe(0);
    expect(one.stdout).toMatch(/^echo +healthy +\d+ ms/m);
    expect(await project.json(['connectors', 'health', 'echo'])).toMatchObject({
      id: 'echo',
      status: 'healthy',
      healthy: true,
    });
    const all = await project.automate(['connectors', 'health', '--json']);
    expect(all.status).toBe(1);
    expect(JSON.parse(all.stdout)).toMatchObject({
      results: {
        echo: { status: 'healthy' },
        off: { status: 'unavailable' },
        ghost: { status: 'unhealthy' },
        refused: { status: 'unhealthy' },
      },
    });
    expect((await project.automate(['connectors', 'health', '--type', 'messaging'])).status).toBe(0);
  });

  it('connectors test says whether a connector connects', async () => {
    const good = await project.automate(['connectors', 'test', 'echo']);
    expect(good).toMatchObject({ status: 0, stdout: expect.stringMatching(/^ok +echo connects/) });
    const bad = await project.automate(['connectors', 'test', 'refused']);
    expect(bad).toMatchObject({ status: 1, stdout: expect.stringMatching(/^failed +refused: .*ECONNREFUSED/) });
    const json = await project.automate(['connectors', 'test', 'refused', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      id: 'refused',
      success: false,
      error: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  describe('execute', () => {
    it('prints the result, or all of the answer for programs', async () => {
      const { status, stdout } = await project.automate(['execute', 'echo', 'say', '--input', '{"text":"Grüße"}']);
      expect({ status, result: JSON.parse(stdout) as unknown }).toEqual({
        status: 0,
        result: { text: 'Grüße', greeting: 'hi' },
      });
      expect(await project.json(['execute', 'echo', 'count'])).toMatchObject({
        result: { count: 1 },
        attempts: 1,
        replayed: false,
      });
    });

    it('takes its input from a file or from standard input', async () => {
      await project.sandbox.writeFile('payload.json', '{ "text": "from a file" }');
      const file = await project.automate(['execute', 'echo', 'say', '--input', '@payload.json']);
      expect(JSON.parse(file.stdout)).toMatchObject({ text: 'from a file' });
      const piped = await project.automate(['execute', 'echo', 'say', '--input', '-'], { input: '{"text":"piped"}' });
      expect(JSON.parse(piped.stdout)).toMatchObject({ text: 'piped' });
    });

    it('says as one sentence, or as a problem document, what the action refused, and ends with 1', async () => {
      const people = await project.automate(['execute', 'echo', 'say', '--input', '{"text":5}']);
      expect(people).toMatchObject({
        status: 1,
        stdout: '',
        stderr: expect.stringMatching(/^INVALID_INPUT: .* text: expected a string\n$/m),
      });
      const program = await project.automate(['execute', 'echo', 'fail', '--input', '{"how":"rate"}', '--json']);
      expect(program.status).toBe(1);
      expect(JSON.parse(program.stderr)).toMatchObject({
        code: 'RATE_LIMITED',
        retryable: true,
        retry_after_ms: 120_000,
        connector: 'echo',
      });
      const missing = await project.automate(['execute', 'nobody', 'say']);
      expect(missing).toMatchObject({ status: 1, stderr: expect.stringMatching(/^NOT_FOUND: .*nobody/m) });
    });

    it('ends a call that takes longer than it was given', async () => {
      const { status, stderr } = await project.automate(['execute', 'echo', 'wait', '--timeout', '600ms']);
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/^TIMEOUT: /m) });
    });
  });

  it('keeps what it registers: register, update, remove', async () => {
    const register = (verb: string, input: string, options: { input?: string } = {}) =>
      project.automate(['connectors', verb, '--input', input], options);
    expect(await register('register', '{ id: mine, kind: echo, settings: { greeting: hey } }')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/mine/),
    });
    expect(await project.json(['execute', 'mine', 'say', '--input', '{"text":"x"}'])).toMatchObject({
      result: { greeting: 'hey' },
    });
    expect(await register('register', '{ id: mine, kind: echo }')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^ALREADY_EXISTS/m),
    });
    expect(
      await register('update', '-', { input: '{"id":"mine","kind":"echo","settings":{"greeting":"ciao"}}' }),
    ).toMatchObject({ status: 0 });
    expect(await project.json(['execute', 'mine', 'say', '--input', '{"text":"x"}'])).toMatchObject({
      result: { greeting: 'ciao' },
    });
    expect(await register('update', '{ id: mine, kind: echo, settings: { colour: red } }')).toMatchObject({
      status: 78,
      stderr: expect.stringMatching(/settings\.colour/),
    });
    expect(await project.json(['connectors', 'remove', 'mine'])).toMatchObject({ id: 'mine' });
    expect(await project.automate(['connectors', 'remove', 'mine'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^NOT_FOUND/m),
    });
    expect(await project.automate(['connectors', 'remove', 'echo'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/configuration file/),
    });
  });

  it('names every problem of a registration at once and ends with 78', async () => {
    const bad = '{ id: "Not An Id", kind: echo, port: 99999, colour: red }';
    const { status, stderr } = await project.automate(['connectors', 'register', '--input', bad]);
    expect(status).toBe(78);
    for (const path of ['id', 'port', 'colour'])
      expect(stderr.match(new RegExp(`--input:1:\\d+: ${path}: expected`, 'g'))).toHaveLength(1);
    const broken = await project.automate(['connectors', 'register', '--input', '{ id: [']);
    expect(broken).toMatchObject({ status: 78, stderr: expect.stringMatching(/--input:1:1: expected a closing \}/) });
  });

  it('prints colours only where they are wanted', async () => {
    const wanted = await project.automate(['plugins', 'list'], { env: { FORCE_COLOR: '1' } });
    expect(wanted.stdout).toContain(ESCAPE);
    const unwanted = await project.automate(['plugins', 'list'], { env: { NO_COLOR: '1' } });
    expect(unwanted.stdout).not.toContain(ESCAPE);
  });

  it('opens no port and leaves no lock', async () => {
    const running = await project.start();
    await running.end();
    await project.automate(['connectors', 'list']);
    // A second start could not take the data directory if a command still held it.
    await using again = await project.start();
    expect(again.ready.grpc).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});
