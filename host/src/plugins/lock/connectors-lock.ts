import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PermissionSet, Problem } from '@automate/contract';
import { dump, load, YAMLException } from 'js-yaml';
import { z } from 'zod';
import { describeValue } from '../discovery/describe-value.ts';

/** Beside package.json. */
export const LOCK_FILE = 'connectors.lock';

/** What an action does to the remote system, as its author declares it. */
export const EFFECTS = ['read', 'repeatable write', 'write'] as const;
export type Effect = (typeof EFFECTS)[number];

const grantedSchema = z.strictObject({
  network: z.array(z.string()).default([]),
  env: z.array(z.string()).default([]),
  fs_read: z.array(z.string()).default([]),
  fs_write: z.array(z.string()).default([]),
  child_process: z.boolean().default(false),
});

const kindSchema = z.strictObject({
  /** Hash of the JSON Schema of `settings`. */
  settings: z.string(),
  /** Whether it takes any name of an action. */
  open: z.boolean().optional(),
  granted: grantedSchema.optional(),
  actions: z.record(z.string(), z.strictObject({ effect: z.enum(EFFECTS), schema: z.string() })),
});

const packageSchema = z.strictObject({
  version: z.string(),
  /** Of the installed files. */
  integrity: z.string(),
  /** Hash of package.json. */
  manifest: z.string(),
  kinds: z.record(z.string(), kindSchema),
  /** What was installed before, as the package manager is told to install it. */
  previous: z.strictObject({ version: z.string(), spec: z.string() }).optional(),
  /** Ed25519, by a key of the operator's or the author's. */
  signature: z.strictObject({ key: z.string(), value: z.string() }).optional(),
});

const lockSchema = z.strictObject({ lock_version: z.literal(1), packages: z.record(z.string(), packageSchema) });

export type LockedPackage = z.infer<typeof packageSchema>;
export type LockedKind = z.infer<typeof kindSchema>;
type LockedGrants = z.infer<typeof grantedSchema>;

/** By the package's name in node_modules. */
export type ConnectorsLock = Readonly<Record<string, LockedPackage>>;

export type LockReading =
  | { readonly kind: 'read'; readonly lock: ConnectorsLock }
  | { readonly kind: 'absent' }
  | { readonly kind: 'faulty'; readonly problems: readonly Problem[] };

/** Reads the lock of a project. */
export function readLock(projectDir: string): LockReading {
  return createLockReader(projectDir)();
}

/** Reads the lock of a project as it lies there at each call; a text that is the same is not parsed again. */
export function createLockReader(projectDir: string): () => LockReading {
  const file = join(projectDir, LOCK_FILE);
  let last: { readonly text: string; readonly reading: LockReading } | undefined;
  return () => {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      if (code === 'ENOENT') return { kind: 'absent' };
      return faulty(file, [{ expected: 'a readable file', received: `an error of the file system (${code})` }]);
    }
    if (last?.text !== text) last = { text, reading: parseLock(file, text) };
    return last.reading;
  };
}

function parseLock(file: string, text: string): LockReading {
  let value: unknown;
  try {
    value = load(text);
  } catch (error) {
    const { mark } = error as YAMLException;
    const reason = error instanceof YAMLException ? error.reason : String(error);
    const place = mark === undefined || mark === null ? {} : { line: mark.line + 1, column: mark.column + 1 };
    return faulty(file, [{ expected: 'YAML', received: reason, ...place }]);
  }
  const parsed = lockSchema.safeParse(value);
  if (parsed.success) return { kind: 'read', lock: parsed.data.packages };
  const problems = parsed.error.issues.map((issue): LockFault => {
    const keys = issue.path.map(String);
    const line = lineOf(text, keys);
    return { keys, ...explainFault(issue, value), ...(line === undefined ? {} : { line }) };
  });
  return faulty(file, problems);
}

function explainFault(issue: z.core.$ZodIssue, value: unknown): Pick<Problem, 'expected' | 'received'> {
  if (issue.code === 'unrecognized_keys')
    return { expected: 'no other keys', received: issue.keys.map((key) => JSON.stringify(key)).join(', ') };
  let found = value;
  for (const key of issue.path) found = (found as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key];
  const expected = issue.message.replace(/^[^:]*: expected /, '').replace(/, received .*$/, '');
  return { expected, received: describeValue(found) };
}

interface LockFault extends Pick<Problem, 'expected' | 'received' | 'line' | 'column'> {
  /** Where in the lock; absent: as a whole. */
  readonly keys?: readonly string[];
}

const REMEDY = 'restore it from your repository, or remove it and say "automate plugins update --installed"';

function faulty(file: string, faults: readonly LockFault[]): LockReading {
  const problems = faults.map(({ keys = [], ...fault }, index): Problem => {
    const { expected, received } = fault;
    const remedy = index === faults.length - 1 ? `: ${REMEDY}` : '';
    const path = keys.length === 0 ? LOCK_FILE : keys.join('.');
    return { path, ...fault, file, message: `expected ${expected}, received ${received}${remedy}` };
  });
  return { kind: 'faulty', problems };
}

/** Of what these keys lead to, as we write the file: a key a line, indented more than the one that it is below. The nearest that there is. */
function lineOf(text: string, keys: readonly string[]): number | undefined {
  const lines = text.split('\n');
  let [at, indentation, found] = [0, -1, undefined as number | undefined];
  for (const key of keys) {
    let next = -1;
    for (let index = at; index < lines.length; index += 1) {
      const [, indent = '', name = ''] = /^( *)(?:'([^']*)'|"([^"]*)"|([^\s:#][^:]*)):(?: |$)/
        .exec(lines[index] ?? '')
        ?.flatMap((part) => part ?? []) ?? [undefined, '', ''];
      if (name === '') continue;
      if (indent.length <= indentation) break;
      if (name === key) {
        [next, indentation] = [index, indent.length];
        break;
      }
    }
    if (next < 0) break;
    [at, found] = [next + 1, next + 1];
  }
  return found;
}

/** The lock as the text of its file; the same packages give the same text. */
export function formatLock(lock: ConnectorsLock): string {
  const head =
    '# What is installed of connectors and was accepted: written by "automate plugins". Keep it in your repository.\n';
  return head + dump({ lock_version: 1, packages: lock }, { sortKeys: true, noRefs: true, lineWidth: -1 });
}

/** Puts the lock into the project whole, so that nobody reads half of it. */
export function replaceLock(projectDir: string, lock: ConnectorsLock): void {
  const file = join(projectDir, LOCK_FILE);
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, formatLock(lock));
  renameSync(draft, file);
}

/** What is granted, as the lock has it. */
export function toLockedGrants({ network, env, fs, childProcess }: PermissionSet): LockedGrants | undefined {
  const granted = {
    network: network.toSorted(),
    env: env.toSorted(),
    fs_read: fs.read.toSorted(),
    fs_write: fs.write.toSorted(),
    child_process: childProcess,
  };
  return Object.values(granted).some((value) => value === true || (Array.isArray(value) && value.length > 0))
    ? granted
    : undefined;
}

/** A lock from its text, such as an earlier one; undefined where it is none. */
export function lockFromText(text: string): ConnectorsLock | undefined {
  try {
    return lockSchema.safeParse(load(text)).data?.packages;
  } catch {
    return undefined;
  }
}
