import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKinds } from '../conformance/read-kinds.ts';
import { createSubject } from '../conformance/subject.ts';
import type { SubjectOptions } from '../conformance/subject.ts';
import type { Use } from './record-uses.ts';
import type { SmallestPermissions } from './smallest-permissions.ts';
import { askedPermissions, smallestPermissions } from './smallest-permissions.ts';

export interface LearnPermissionsOptions {
  /** The package's tests, as a program and its arguments, run in its directory. Default: none are run. */
  readonly tests?: readonly string[];
  /** Environment of the tests. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/** What one kind asks for, and would have to. */
export interface LearnedKind extends SmallestPermissions {
  readonly kind: string;
}

export interface LearnedPermissions {
  readonly kinds: readonly LearnedKind[];
  /** How the tests ended; absent where none were run. */
  readonly tests?: { readonly passed: boolean; /** The end of what they said. */ readonly output: string };
}

const RECORDER = new URL('./record-entry.js', import.meta.url);
const MOST_OUTPUT = 4000;

/**
 * Drives the kinds of a built package as conformance does, runs its own tests, and gives the smallest permissions with which its kinds can
 * do what they were seen doing: to which hosts they connected, which variables and files they read, which programs they started. Nothing is
 * refused to them meanwhile, and nothing of the tests' own doings is among it. What runs in a host's workers is not heard.
 *
 * @throws Error where there is no package.json, or it declares no kind
 */
export async function learnPermissions(
  directory: string,
  options: LearnPermissionsOptions = {},
): Promise<LearnedPermissions> {
  const { tests, env = {}, signal } = options;
  const kinds = readKinds(directory);
  const log = await openLog();
  try {
    for (const kind of kinds) await drive(kind, log.directory);
    const { NODE_OPTIONS: own = '' } = env;
    const watched = {
      ...env,
      NODE_OPTIONS: `${own} --import=${RECORDER.href}`.trim(),
      AUTOMATE_PERMISSIONS_LOG: log.directory,
      AUTOMATE_PERMISSIONS_PACKAGE: realpathSync(directory),
    };
    const tested = tests === undefined ? undefined : await run(tests, { cwd: directory, env: watched, signal });
    const uses = await log.read();
    return {
      kinds: kinds.map(({ kind, manifest }) => ({
        kind,
        ...smallestPermissions(
          askedPermissions(manifest, kind),
          uses.filter((use) => use.kind === kind),
        ),
      })),
      ...(tested === undefined ? {} : { tests: tested }),
    };
  } finally {
    await log.remove();
  }
}

/** What one kind uses while it is driven as conformance does. */
export async function findUses(kind: SubjectOptions): Promise<readonly Use[]> {
  const log = await openLog();
  try {
    await drive(kind, log.directory);
    return await log.read();
  } finally {
    await log.remove();
  }
}

async function drive({ code, ...kind }: SubjectOptions, log: string): Promise<void> {
  const subject = createSubject({ ...kind, code: 'entry' in code ? { ...code, log } : code });
  // What they find wrong is for conformance to say.
  await subject.rehearsal().catch(() => undefined);
  await subject.tour().catch(() => undefined);
}

/** A directory into which several threads and processes write what they see. */
async function openLog(): Promise<{
  readonly directory: string;
  read(): Promise<readonly Use[]>;
  remove(): Promise<void>;
}> {
  const directory = await mkdtemp(join(tmpdir(), 'automate-permissions-'));
  return {
    directory,
    async read() {
      const names = await readdir(directory);
      const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
      const lines = new Set(texts.flatMap((text) => text.split('\n').filter((line) => line !== '')));
      return [...lines].toSorted().map((line) => JSON.parse(line) as Use);
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
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
): Promise<NonNullable<LearnedPermissions['tests']>> {
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
