import { describe, expect, it } from '@jest/globals';
import { CliProject, plainEnvironment } from './fixtures/cli-project.ts';
import { runCommand } from './fixtures/run-command.ts';

const CLIENT = new URL('../../../packages/client/dist/index.js', import.meta.url).href;

/** Runs a program over the service that `connect` gives it in the project; it answers what its last expression is. */
async function runProgram(project: CliProject, options: string, body: string): Promise<unknown> {
  const script = `
    import { connect } from ${JSON.stringify(CLIENT)};
    const failure = (error) => ({ code: error.code, message: error.message, details: error.details });
    await using service = await connect(${options});
    console.log(JSON.stringify(await (async () => { ${body} })().catch(failure)));`;
  const { stdout, stderr, status } = await runCommand(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: project.root,
    env: plainEnvironment(),
  });
  if (status !== 0) throw new Error(`exit code ${status}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}

const REGISTER = "return service.register({ id: 'mine', kind: 'echo' });";
const IDS = 'return (await service.list()).map(({ id }) => id);';

describe('a program without an address', () => {
  it('uses the host that serves its project', async () => {
    await using project = await CliProject.open();
    await using host = await project.start();
    await expect(runProgram(project, '', REGISTER)).resolves.toMatchObject({ id: 'mine' });
    const { connectors } = (await (await fetch(`${host.ready.http}/api/v1/connectors`)).json()) as {
      connectors: { id: string }[];
    };
    expect(connectors.map(({ id }) => id)).toEqual(['mine']);
    await expect(runProgram(project, '', REGISTER)).resolves.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(runProgram(project, '', "return service.remove('mine');")).resolves.toMatchObject({ id: 'mine' });
    const gone = await fetch(`${host.ready.http}/api/v1/connectors/mine`);
    expect(gone.status).toBe(404);
  });

  it('runs one of its own where it asks for that, which changes nothing that another one serves', async () => {
    await using project = await CliProject.open();
    await using host = await project.start();
    await expect(runProgram(project, '{ local: true }', REGISTER)).resolves.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(`unix:${host.ready.socket}`),
      details: { reason: 'served_elsewhere', address: `unix:${host.ready.socket}` },
    });
    expect((await fetch(`${host.ready.http}/api/v1/connectors/mine`)).status).toBe(404);
    await host.end();
    await expect(runProgram(project, '{ local: true }', REGISTER)).resolves.toMatchObject({ id: 'mine' });
    await expect(runProgram(project, '', IDS)).resolves.toEqual(['mine']);
  });

  it('neither updates nor removes what another one serves, where it runs one of its own', async () => {
    await using project = await CliProject.open();
    await using host = await project.start();
    await runProgram(project, '', REGISTER);
    const address = `unix:${host.ready.socket}`;
    const refused = { code: 'UNAVAILABLE', details: { reason: 'served_elsewhere', address } };
    const update = "return service.update({ id: 'mine', kind: 'echo', name: 'Another' });";
    await expect(runProgram(project, '{ local: true }', update)).resolves.toMatchObject(refused);
    const remove = "return service.remove('mine');";
    await expect(runProgram(project, '{ local: true }', remove)).resolves.toMatchObject(refused);
    await host.end();
    const names = 'return (await service.list()).map(({ name }) => name);';
    await expect(runProgram(project, '{ local: true }', names)).resolves.toEqual(['mine']);
  });

  it('finds an id taken that another program took since it began', async () => {
    await using project = await CliProject.open();
    const body = `
      const other = await connect({ local: true });
      await other.register({ id: 'mine', kind: 'echo' });
      await other.close();
      return service.register({ id: 'mine', kind: 'echo' });`;
    await expect(runProgram(project, '{ local: true }', body)).resolves.toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it('waits in a watch until something happens, and then ends by itself', async () => {
    await using project = await CliProject.open();
    const body = `
      const seen = [];
      setTimeout(() => service.register({ id: 'mine', kind: 'echo' }), 300).unref();
      for await (const event of service.watch()) {
        seen.push(event.kind);
        if (event.kind === 'added') return seen;
      }`;
    await expect(runProgram(project, '', body)).resolves.toEqual(['synced', 'added']);
  });

  it('ends by itself after it left a watch whose time was not over', async () => {
    await using project = await CliProject.open();
    const body = `
      for await (const event of service.watch({ timeoutMs: 3_600_000 })) return event.kind;`;
    await expect(runProgram(project, '{ local: true }', body)).resolves.toBe('synced');
  });
});
