import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKinds } from '../conformance/read-kinds.ts';
import { createSubject } from '../conformance/subject.ts';
import type { SubjectOptions } from '../conformance/subject.ts';
import type { Use } from './record-uses.ts';

export interface FindUsesOptions {
  /** The package's tests, as a program and its arguments, run in its directory. Default: none are run. */
  readonly tests?: readonly string[];
  /** Environment of the tests. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

export interface FoundUses {
  readonly uses: readonly Use[];
  /** How the tests ended; absent where none were run. */
  readonly tests?: { readonly passed: boolean; /** The end of what they said. */ readonly output: string };
}

const RECORDER = new URL('./record-entry.js', import.meta.url);
const MOST_OUTPUT = 4000;

/**
 * Drives the kinds of a built package as conformance does, runs its own tests, and gives what the connectors' code used of the machine
 * meanwhile: hosts, variables, files, programs. Nothing is refused to it, and nothing of the tests' own doings is among it. What runs in
 * a host's workers is not heard.
 */
export async function findUses(directory: string, options: FindUsesOptions = {}): Promise<FoundUses> {
  const { tests, env = {}, signal } = options;
  const kinds = readKinds(directory);
  return withLog(async (log) => {
    for (const kind of kinds) await drive(kind, log);
    if (tests === undefined) return {};
    const { NODE_OPTIONS: own = '' } = env;
    const watched = {
      ...env,
      NODE_OPTIONS: `${own} --import=${RECORDER.href}`.trim(),
      AUTOMATE_PERMISSIONS_LOG: log,
    };
    return { tests: await run(tests, { cwd: directory, env: watched, signal }) };
  });
}

/** What one kind uses while it is driven as conformance does. */
export async function findUsesOfKind(kind: SubjectOptions): Promise<readonly Use[]> {
  return (
    await withLog(async (log) => {
      await drive(kind, log);
      return {};
    })
  ).uses;
}

async function drive({ code, ...kind }: SubjectOptions, log: string): Promise<void> {
  const subject = createSubject({ ...kind, code: 'entry' in code ? { ...code, log } : code });
  // What they find wrong is for conformance to say.
  await subject.rehearsal().catch(() => undefined);
  await subject.tour().catch(() => undefined);
}

async function withLog(work: (log: string) => Promise<Omit<FoundUses, 'uses'>>): Promise<FoundUses> {
  const log = await mkdtemp(join(tmpdir(), 'automate-permissions-'));
  try {
    const done = await work(log);
    const texts = await Promise.all((await readdir(log)).map((name) => readFile(join(log, name), 'utf8')));
    const lines = new Set(texts.flatMap((text) => text.split('\n').filter((line) => line !== '')));
    return { ...done, uses: [...lines].toSorted().map((line) => JSON.parse(line) as Use) };
  } finally {
    await rm(log, { recursive: true, force: true });
  }
}

async function run(
  [program = '', ...args]: readonly string[],
  {
    signal,
    ...options
  }: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly signal: AbortSignal | undefined;
  },
): Promise<NonNullable<FoundUses['tests']>> {
  const child = spawn(program, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (output = `${output}${String(chunk)}`.slice(-MOST_OUTPUT)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { passed: code === 0, output };
}
