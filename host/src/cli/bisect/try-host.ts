import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectorService } from '@automate/contract';
import { findWalls } from '../../runtime/bodies/walls.ts';
import { whenEnded } from '../when-ended.ts';
import { copyData } from './copy-data.ts';

/** How long a host may take to serve, and then its connectors to be checked, in milliseconds. */
const START_MS = 60_000;
const HEALTH_MS = 120_000;
/** How long it is looked at once all were checked: what a worker does on its own may end it a little later. */
const SETTLE_MS = 1_500;
const STOP_MS = 5_000;

/** A connector whose kind is there, and that is not well. */
export interface Unwell {
  readonly id: string;
  readonly kind: string;
  readonly message: string;
}

/** What was found of the connectors of a host. */
export interface Checked {
  readonly unhealthy: readonly Unwell[];
  /** Why others were not looked at, by id: what is found says nothing of them. */
  readonly unchecked: ReadonlyMap<string, string>;
  readonly ids: readonly string[];
}

/** What became of a host. */
export type Outcome =
  | ({ readonly kind: 'serves' } & Checked)
  /** It did not come up, or ended. */
  | { readonly kind: 'ended'; readonly why: string };

export interface TrialOptions {
  readonly projectDir: string;
  /** The data directory whose registrations and secrets it has copies of. */
  readonly dataDir: string;
  /** Packages that it does without. */
  readonly without: readonly string[];
  /** The program and its first arguments. */
  readonly automate: readonly [string, ...string[]];
  /** What of the command line it is started with: the configuration file. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  connect(options: { readonly address: string }): Promise<ConnectorService>;
  readonly signal: AbortSignal;
}

/** Starts a host that is thrown away, with a data directory of its own, checks every connector that has its kind, and ends it. */
export async function tryHost(options: TrialOptions): Promise<Outcome> {
  const scratch = await mkdtemp(join(tmpdir(), 'automate-bisect-'));
  try {
    await copyData(options.dataDir, scratch);
    return await runIn(scratch, options);
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function runIn(
  scratch: string,
  { projectDir, without, automate, args, env, connect, signal }: TrialOptions,
): Promise<Outcome> {
  // It ends with whoever started it, however that ends, where the system can see to it.
  const { setpriv } = findWalls();
  const [program = '', ...leading] = [...(setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL']), ...automate];
  const flags = [
    '--data-dir',
    scratch,
    '--grpc-port',
    '0',
    '--http-port',
    '0',
    '--bind-address',
    '127.0.0.1',
    '--log-format',
    'json',
  ];
  const child = spawn(
    program,
    [...leading, 'start', ...flags, ...args, ...(without.length === 0 ? [] : ['--without', ...without])],
    {
      cwd: projectDir,
      env: { ...env, CONNECTORS_SERVICE_ADDR: '', AUDIT: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      killSignal: 'SIGKILL',
    },
  );
  const said = keepLast(child);
  const exited = whenEnded(child).then(() => describeEnd(child, said));
  try {
    const patience = (ms: number): Promise<undefined> => delay(ms, undefined, { ref: false });
    const address = await Promise.race([readyAt(child), patience(START_MS)]);
    const checked =
      address === undefined
        ? undefined
        : await Promise.race([checkAll(connect, address).catch(() => undefined), exited.then(() => undefined)]);
    // What its output or an answer of it told of its end is told by the end itself a little later.
    await Promise.race([exited, patience(SETTLE_MS)]);
    if (hasEnded(child)) return { kind: 'ended', why: await exited };
    if (checked !== undefined) return { kind: 'serves', ...checked };
    return {
      kind: 'ended',
      why: address === undefined ? `the host does not serve after ${START_MS / 1000} s` : 'the host does not answer',
    };
  } finally {
    child.kill('SIGTERM');
    await Promise.race([exited, delay(STOP_MS, undefined, { ref: false })]);
    child.kill('SIGKILL');
    await exited;
  }
}

/** Where the host is called once it says that it serves. */
async function readyAt(child: ChildProcess): Promise<string | undefined> {
  if (child.stdout === null) return undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.includes('"event":"ready"')) continue;
    const { socket, grpc } = JSON.parse(line) as { readonly socket: string | null; readonly grpc: string };
    child.stdout.resume();
    return socket === null ? grpc : `unix:${socket}`;
  }
  return undefined;
}

/** Which connectors are not well, of those that run and whose kind is there. */
async function checkAll(connect: TrialOptions['connect'], address: string): Promise<Checked> {
  await using service = await connect({ address });
  const call = { timeoutMs: HEALTH_MS };
  const [{ plugins }, infos] = await Promise.all([service.plugins(call), service.list({}, call)]);
  const kinds = new Set(plugins.flatMap((plugin) => (plugin.status === 'admitted' ? plugin.kinds : [])));
  const unchecked = new Map(
    infos.flatMap(({ id, kind, enabled }): readonly (readonly [string, string])[] => {
      if (!enabled) return [[id, `it is disabled: "automate connectors enable ${id}", and ask again`]];
      return kinds.has(kind)
        ? []
        : [[id, `no plugin that is admitted has its kind "${kind}": "automate doctor" says why`]];
    }),
  );
  const reports = await service.healthCheckAll({}, call);
  const unhealthy = infos.flatMap(({ id, kind }) => {
    const report = reports[id];
    return !unchecked.has(id) && report?.status === 'unhealthy' ? [{ id, kind, message: report.message }] : [];
  });
  return { unhealthy, unchecked, ids: infos.map(({ id }) => id) };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** The last that it said, for whoever has to understand why it ended. */
function keepLast({ stdout, stderr }: ChildProcess): { readonly error: string[] } {
  const said = { error: new Array<string>() };
  stdout?.on('error', () => undefined);
  if (stderr !== null)
    createInterface({ input: stderr }).on('line', (line) => {
      said.error.push(line);
      if (said.error.length > 20) said.error.shift();
    });
  return said;
}

function describeEnd({ exitCode, signalCode }: ChildProcess, said: { readonly error: readonly string[] }): string {
  const [first, next] = said.error.filter((line) => line.trim() !== '');
  // A heading says nothing by itself.
  const words = first?.endsWith(':') === true ? [first, next].join(' ') : first;
  const end = signalCode ?? `exit code ${exitCode}`;
  return `the host ended (${end})${words === undefined ? '' : `: ${words.slice(0, 300)}`}`;
}
