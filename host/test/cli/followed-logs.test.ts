import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { AUTOMATE, CliProject, plainEnvironment } from './fixtures/cli-project.ts';
import { collect } from './fixtures/run-command.ts';

/** A kind that logs so many lines. */
const TELLER = `
import { action, ConnectorAdapter } from '@automate/sdk';
const input = { schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
export default class Teller extends ConnectorAdapter {
  name = 'teller';
  version = '1.0.0';
  actions = {
    tell: action({ description: 'Logs.', input, sideEffects: true, idempotent: true, run: ({ lines }) => {
      for (let line = 1; line <= lines; line += 1) this.context.logger.info('line ' + line);
      return {};
    } }),
  };
  async connect() { return true; }
}
`;

it('shows all that was kept since a moment, and tells whoever follows that the host has ended', async () => {
  await using project = await CliProject.open({ kinds: [], yaml: 'connectors:\n  - { id: one, kind: teller }\n' });
  await project.sandbox.addConnector({ kind: 'teller', source: TELLER });
  await using host = await project.start();
  await project.json(['execute', 'one', 'tell', '--input', '{"lines":150}']);
  const count = async (...args: readonly string[]): Promise<number> =>
    (await project.automate(['logs', 'one', ...args])).stdout.split(/ line \d/).length - 1;
  await eventually(async () => (await count('--since', '1h')) === 150);
  expect(await count()).toBe(100);
  const child = spawn(process.execPath, [AUTOMATE, 'logs', 'one', '--follow', '--limit', '1'], {
    cwd: project.root,
    env: plainEnvironment(),
  });
  const output = collect(child);
  const closed = once(child, 'close');
  await eventually(() => output().stdout.includes('line 150'));
  await host.end();
  await closed;
  expect([child.exitCode, output().stderr]).toEqual([69, expect.stringContaining('the host ended')]);
});
