import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PermissionSet, Problem } from '@automate/contract';
import { dump, load } from 'js-yaml';
import { z } from 'zod';

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
  | { readonly kind: 'faulty'; readonly problem: Problem };

/** Reads the lock of a project. */
export function readLock(projectDir: string): LockReading {
  const file = join(projectDir, LOCK_FILE);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return code === 'ENOENT'
      ? { kind: 'absent' }
      : faulty(file, 'a readable file', `an error of the file system (${code})`);
  }
  let value: unknown;
  try {
    value = load(text);
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return faulty(file, 'YAML', reason);
  }
  const parsed = lockSchema.safeParse(value);
  if (parsed.success) return { kind: 'read', lock: parsed.data.packages };
  const [issue] = parsed.error.issues;
  return faulty(file, issue?.message ?? 'a lock', `what it has at ${issue?.path.join('.') || 'its top'}`);
}

function faulty(file: string, expected: string, received: string): LockReading {
  const remedy = 'restore it from your repository, or remove it and say "automate plugins update --installed"';
  return {
    kind: 'faulty',
    problem: {
      path: LOCK_FILE,
      expected,
      received,
      file,
      message: `expected ${expected}, received ${received}: ${remedy}`,
    },
  };
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
