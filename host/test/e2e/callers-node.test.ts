import { pathToFileURL } from 'node:url';
import { expect, it } from '@jest/globals';
import { CliProject, plainEnvironment, repositoryPath } from '../cli/fixtures/cli-project.ts';
import { mustRun } from '../cli/fixtures/run-command.ts';

const CLIENT = pathToFileURL(repositoryPath('packages', 'client', 'dist', 'index.js')).href;

const CALLER = `
import { connect } from '${CLIENT}';
const service = await connect({ address: process.argv[1] });
const result = await service.execute({ id: 'echo', action: 'say', payload: { text: 'hi' } });
const failure = await service.get('none').catch((error) => error.code);
await service.close();
console.log(JSON.stringify({ result: result.result, failure }));
`;

/** Programs that call connectors choose their own Node: npm's is the oldest at hand, 20 where this suite is set up by it. */
it('answers a program that runs under the Node that npm runs under', async () => {
  await using project = await CliProject.open({ yaml: 'connectors:\n  - id: echo\n' });
  await using host = await project.start();
  const node = process.env['npm_node_execpath'] ?? process.execPath;
  const { stdout } = await mustRun(node, ['--input-type=module', '--eval', CALLER, host.ready.grpc], {
    cwd: repositoryPath(),
    env: plainEnvironment(),
  });
  expect(JSON.parse(stdout)).toEqual({ result: { text: 'hi', greeting: 'hello' }, failure: 'NOT_FOUND' });
}, 60_000);
