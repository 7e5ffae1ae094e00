import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import { CliProject, plainEnvironment } from '../cli/fixtures/cli-project.ts';
import { collect } from '../cli/fixtures/run-command.ts';
import type { ServingHost } from '../cli/fixtures/serving-host.ts';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { CountingRemote } from './fixtures/counting-remote.ts';
import { openBalancer } from './fixtures/failing-over.ts';
import { MARKING } from './fixtures/marking-connector.ts';

const PROGRAM = fileURLToPath(new URL('fixtures/one-program.mjs', import.meta.url));
const CLIENT = new URL('../../../packages/client/dist/index.js', import.meta.url).href;
/** What the remote system is asked for that no host's end can repeat. */
const ONCE = ['read', 'keyed', 'after'];

interface Backend extends AsyncDisposable {
  /** Of the program. */
  readonly env: Readonly<Record<string, string>>;
  /** Kills the host that runs the connector, and has another one in its place; absent: that would be the program itself. */
  readonly kill?: () => Promise<void>;
}

describeWithPostgres('one program', (databases) => {
  /** In its own process, over one host that is started again, and over two behind a balancer. */
  const BACKENDS: Readonly<Record<string, (project: CliProject) => Promise<Backend>>> = {
    'in process': async () => ({ env: {}, [Symbol.asyncDispose]: async () => undefined }),
    'one host': async (project) => {
      const stack = new AsyncDisposableStack();
      const host = stack.use(await project.start());
      const port = host.ready.grpc.slice(host.ready.grpc.lastIndexOf(':') + 1);
      return {
        env: { CONNECTORS_SERVICE_ADDR: host.ready.grpc },
        async kill() {
          await host.end('SIGKILL');
          stack.use(await project.start({ env: { GRPC_PORT: port } }));
        },
        [Symbol.asyncDispose]: () => stack.disposeAsync(),
      };
    },
    'two hosts behind a balancer': async (project) => {
      const stack = new AsyncDisposableStack();
      const keyFile = join(project.root, 'master.key');
      await writeFile(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
      const STORE_URL = await databases.create();
      const start = async (DATA_DIR: string): Promise<ServingHost> =>
        stack.use(await project.start({ env: { STORE_URL, MASTER_KEY_FILE: keyFile, DATA_DIR } }));
      const [first, second] = [await start('a'), await start('b')];
      const balancer = stack.use(await openBalancer([first.ready.grpc, second.ready.grpc]));
      return {
        env: { CONNECTORS_SERVICE_ADDR: balancer.address },
        kill: async () => void (await first.end('SIGKILL')),
        [Symbol.asyncDispose]: () => stack.disposeAsync(),
      };
    },
  };

  /** What the program saw there, and how often the remote system was asked for what. */
  async function run(open: (project: CliProject) => Promise<Backend>) {
    await using remote = await CountingRemote.open();
    const place = `scheme: http, host: 127.0.0.1, port: ${remote.port}`;
    await using project = await CliProject.open({
      kinds: [],
      yaml: `connectors: [{ id: shared, kind: marking, ${place} }]`,
    });
    await project.sandbox.addConnector({ kind: 'marking', source: MARKING });
    await using backend = await open(project);
    const child = spawn(process.execPath, [PROGRAM], {
      cwd: project.root,
      env: { ...plainEnvironment(), CLIENT, PORT: String(remote.port), ...backend.env },
    });
    const output = collect(child);
    try {
      const isOver = (): boolean => child.exitCode !== null;
      await eventually(
        () => (remote.asked('hold-watched').times === 1 && output().stderr.includes('watching')) || isOver(),
      );
      await backend.kill?.();
      await eventually(() => {
        remote.letGo();
        return isOver();
      });
    } finally {
      child.kill('SIGKILL');
    }
    const { stdout, stderr } = output();
    if (stdout === '') throw new Error(stderr);
    const seen = JSON.parse(stdout.replaceAll(String(remote.port), 'PORT')) as { readonly execution: unknown };
    return { seen, times: ONCE.map((what) => remote.asked(what).times) };
  }

  it('sees the same in its own process, of one host that is killed meanwhile, and of two behind a balancer', async () => {
    const seen: Record<string, unknown> = {};
    for (const [name, open] of Object.entries(BACKENDS)) seen[name] = await run(open);
    const [own, one, two] = Object.keys(BACKENDS).map((name) => seen[name]);
    expect(own).toMatchObject({
      seen: {
        keyed: [{ replayed: false }, { replayed: true }],
        late: { code: 'TIMEOUT' },
        left: { code: 'CANCELLED' },
        execution: 'succeeded',
        before: true,
        schedules: [{ name: 'nightly' }],
        listed: ['shared'],
      },
      times: [1, 1, 1],
    });
    expect(one).toEqual(own);
    expect(two).toEqual(own);
  });
});
