import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { ConnectorService } from '@automate/contract';
import { needsAction } from '@automate/contract';
import type { CliContext } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { reportFailure } from '../describe-error.ts';
import type { AuthorPackage } from './author-package.ts';
import { readAuthorPackage } from './author-package.ts';
import type { DevProject } from './dev-project.ts';
import { makeDevProject } from './dev-project.ts';
import { rebuildOnChange } from './rebuilds.ts';

export interface DevMachine {
  readonly directory: string;
  /** Opens a host over the project, on free ports. */
  openHost(project: DevProject): Promise<{
    readonly service: ConnectorService;
    readonly grpcAddress?: string;
    readonly httpAddress?: string;
    close(): Promise<void>;
  }>;
  readonly execPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const USAGE =
  'type ACTION {JSON}, or ID ACTION {JSON} where the package has several connectors; "actions" lists them, "exit" ends';

/**
 * Runs an author's package in a host of its own, builds it and puts it to work whenever it was saved, and calls its actions as lines of
 * the input ask: each line's answer is that of what was saved before it. Ends with the input, with `exit`, or by the signal.
 */
export async function runDev(context: CliContext, machine: DevMachine): Promise<void> {
  const author = await readAuthorPackage(machine.directory);
  await using project = await makeDevProject(author);
  // A first build that fails is told, and the host waits for the next.
  await build(context, machine, author);
  const host = await machine.openHost(project);
  try {
    const { service } = host;
    context.err(`${author.name} runs, gRPC ${host.grpcAddress ?? '-'}, REST ${host.httpAddress ?? '-'}; ${USAGE}`);
    tellTrouble(context, await service.plugins());
    using rebuilds = rebuildOnChange(author.directory, {
      isSource: (path) => author.isSource(path),
      rebuild: () =>
        rebuild(context, machine, { author, service }).catch(
          (error: unknown) => void reportFailure(context, error, { json: false }),
        ),
    });
    await answerLines(context, machine, { service, settled: () => rebuilds.settled() });
  } finally {
    await host.close();
  }
}

async function rebuild(
  context: CliContext,
  machine: DevMachine,
  { author, service }: { readonly author: AuthorPackage; readonly service: ConnectorService },
): Promise<void> {
  const startedAt = performance.now();
  if (!(await build(context, machine, author))) return;
  const trouble = tellTrouble(context, await service.rescanPlugins());
  const ms = Math.round(performance.now() - startedAt);
  if (!trouble) context.err(`${context.styleError('green', 'reloaded')} in ${ms} ms`);
}

/** Runs the package's own script; what it says, with the places in the sources, goes to the author where it fails. */
async function build(context: CliContext, machine: DevMachine, author: AuthorPackage): Promise<boolean> {
  if (!author.builds) return true;
  const child = spawn(machine.execPath, ['--run', 'build'], {
    cwd: author.directory,
    env: machine.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: machine.signal,
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return true;
  const words = (await said).join('').trim();
  context.err(`${words}\n${context.styleError('red', 'the build failed')}: what was built before goes on`);
  return false;
}

/** Says what is wrong with the package, or why it is held back; whether anything is. */
function tellTrouble(context: CliContext, { plugins }: Awaited<ReturnType<ConnectorService['plugins']>>): boolean {
  const troubled = plugins.filter(needsAction);
  for (const { package: name, status, message, problems } of troubled) {
    const whole = [
      message,
      ...problems.map(({ path, expected, received }) => `${path}: expected ${expected}, received ${received}`),
    ];
    context.err(`${context.styleError('red', status.replace('_', ' '))}: ${name}: ${whole.filter(Boolean).join('; ')}`);
  }
  return troubled.length > 0;
}

async function answerLines(
  context: CliContext,
  { input, output, signal }: DevMachine,
  { service, settled }: { readonly service: ConnectorService; readonly settled: () => Promise<void> },
): Promise<void> {
  const terminal = input.isTTY === true;
  const lines = createInterface({ input, ...(terminal ? { output, terminal, prompt: '> ' } : {}), signal });
  if (terminal) lines.prompt();
  for await (const line of lines) {
    const words = line.trim();
    if (words === 'exit') break;
    try {
      await settled();
      if (words !== '') context.out(await answer(service, words, signal));
    } catch (error) {
      reportFailure(context, error, { json: false });
    }
    if (terminal) lines.prompt();
  }
  lines.close();
}

async function answer(service: ConnectorService, line: string, signal: AbortSignal): Promise<string> {
  const ids = (await service.list({}, { signal })).map(({ id }) => id);
  if (line === 'actions') {
    const all = await Promise.all(
      ids.map(async (id) => (await service.describe(id, { signal })).actions.map(({ name }) => `${id} ${name}`)),
    );
    return all.flat().join('\n');
  }
  const [first = '', second = ''] = line.split(/\s+/, 2);
  const named = ids.includes(first) && second !== '' && !second.startsWith('{');
  const id = named ? first : ids.length === 1 ? ids[0] : undefined;
  if (id === undefined) throw new CliExit(EXIT.usage, `which connector? There are ${ids.join(', ')}; ${USAGE}`);
  const action = named ? second : first;
  const payload = line.slice(line.indexOf(action, named ? first.length : 0) + action.length).trim();
  return (await service.executeText({ id, action, payload }, { signal })).result;
}
