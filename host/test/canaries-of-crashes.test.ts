import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { AUTOMATE, CliProject, plainEnvironment } from './cli/fixtures/cli-project.ts';
import { ServingHost } from './cli/fixtures/serving-host.ts';
import { until } from './runtime/support.ts';
import { findCanaries, readFilesBelow } from './fixtures/canary-search.ts';

const CANARIES = { variable: 'CANARY-of-crashes-0f1e2d3c4b' };

/** Ends its process, or its thread, in each way that leaves something behind. */
const SOURCE = `
import { action, ConnectorAdapter } from '@automate/sdk';
const any = { schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
const ENDS = {
  abort: () => process.abort(),
  signal: () => process.kill(process.pid, 'SIGSEGV'),
  uncaught: () => setTimeout(() => { throw new Error('nobody catches this'); }, 1),
  memory: () => { const kept = []; for (;;) kept.push(new Array(100_000).fill({ ...process.memoryUsage() })); },
  report: () => process.report.writeReport(),
};
export default class Doomed extends ConnectorAdapter {
  name = 'doomed';
  version = '1.0.0';
  actions = {
    end: action({ description: 'Ends.', input: any, sideEffects: true, idempotent: false, run: async ({ how }) => {
      this.held = 'in memory: ' + this.context.config.auth.token.reveal();
      ENDS[how]();
      await new Promise(() => {});
    } }),
    pid: action({ description: 'Its process.', input: any, sideEffects: false, idempotent: true, run: () => process.pid }),
  };
  connect() { return true; }
}
`;
const LEVELS = { thread: ['uncaught', 'memory'], process: ['abort', 'signal', 'uncaught', 'memory', 'report'] };

it('what a worker that crashed leaves behind holds no secret, though the system and Node.js are told to keep all', async () => {
  const connectors = Object.keys(LEVELS).map((level) => ({
    id: level,
    kind: 'doomed',
    isolation: level,
    auth: { type: 'bearer', token: '${CANARY}' },
    limits: { memory_mb: 64, timeout: '20s' },
    retry: { attempts: 1 },
    health_check: { enabled: false },
  }));
  await using project = await CliProject.open({ kinds: [], yaml: JSON.stringify({ connectors }) });
  await project.sandbox.addConnector({ kind: 'doomed', source: SOURCE });
  await using host = await ServingHost.start({
    command: '/bin/sh',
    args: [
      '-c',
      'ulimit -c unlimited 2>/dev/null; exec "$0" "$@"',
      process.execPath,
      '--report-on-fatalerror',
      AUTOMATE,
      'start',
    ],
    cwd: project.root,
    env: {
      ...plainEnvironment(),
      GRPC_PORT: '0',
      HTTP_PORT: '0',
      LOG_FORMAT: 'json',
      HEALTH_INTERVAL: '1h',
      CANARY: CANARIES.variable,
    },
  });
  await using client = await connect({ address: host.ready.grpc });
  const { result: pid } = await client.execute({ id: 'process', action: 'pid', payload: {} });
  expect(await readFile(`/proc/${Number(pid)}/limits`, 'utf8')).toMatch(/Max core file size +0 +0 /);
  for (const [id, ways] of Object.entries(LEVELS))
    for (const how of ways) {
      const ended = await client.execute({ id, action: 'end', payload: { how } }).catch((error: unknown) => error);
      // Node.js' report is closed to connectors; all else is the worker's end.
      expect([how, ended]).toMatchObject([how, { code: how === 'report' ? 'INTERNAL_ERROR' : 'WORKER_LOST' }]);
      await client.test(id);
    }
  const { result: last } = await client.execute({ id: 'process', action: 'pid', payload: {} });
  process.kill(Number(last), 'SIGABRT');
  await until('the worker has died of it', () => host.output.stdout.includes('SIGABRT'));
  await host.end();
  const files = await readFilesBelow(project.root, ['/config/']);
  expect(files.map(({ name }) => name).filter((name) => /core|report/i.test(name))).toEqual([]);
  const exits = [...files, { name: 'what it printed', text: host.output.stdout + host.output.stderr }];
  expect(exits.at(-1)?.text).toContain('doomed');
  expect(
    findCanaries(
      exits.map((exit) => ({ ...exit, mark: '' })),
      CANARIES,
    ),
  ).toEqual([]);
});
