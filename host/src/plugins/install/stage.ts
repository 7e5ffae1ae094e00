import { randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LOCK_FILE } from '../lock/connectors-lock.ts';

/** The files of a project that package managers and we write: they are copied, and take the place of the project's. */
const FILES = [
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  '.yarnrc.yml',
  '.npmrc',
  LOCK_FILE,
] as const;
/** Likewise directories, whose files are linked. */
const DIRECTORIES = ['node_modules', '.yarn'] as const;

const NAME = '.automate-plugins';
/** Within the staged project: what is being swapped. */
const SWAP = '.automate-swap';
const JOURNAL = 'journal.json';

/** A copy of a project in which packages are changed before they are in the project itself. */
export interface Stage {
  readonly directory: string;
  /** Puts the copy in the project's place. Throws where the project was changed meanwhile, and leaves it as it is then. */
  commit(): void;
  /** Removes what is left of the copy. */
  discard(): void;
}

interface Journal {
  /** Names that the copy has, and those that it has no more. */
  readonly put: readonly string[];
  readonly gone: readonly string[];
}

export interface StageOptions {
  readonly projectDir: string;
  /** Of this process. */
  readonly pid: number;
  isAlive(pid: number): boolean;
  /** Whether something is named by a path that leads out of the project, and must lead to the same from the copy. */
  readonly leadsOut: boolean;
}

/** Another process changes this project's packages. */
export class StageTakenError extends Error {
  constructor(directory: string, pid: number) {
    super(
      `the plugins are being changed by the process ${pid}, which holds ${directory}: wait until it has ended; where that is no such command, remove the directory`,
    );
    this.name = 'StageTakenError';
  }
}

/**
 * Makes a copy of what package managers write. Files of packages are linked, as installers replace them and write into none, so that
 * those of packages that stay are the very files that they were. All else of the project is there as a symbolic link.
 *
 * @throws StageTakenError, and Error where the copy cannot be made
 */
export function openStage({ projectDir, pid, isAlive, leadsOut }: StageOptions): Stage {
  // A name that no other command has: a package manager whose command was killed may still be writing to it.
  const directory = `${leadsOut ? besides(projectDir) : within(projectDir)}-${pid}-${randomUUID()}`;
  const discard = (): void => rmSync(directory, REMOVAL);
  mkdirSync(directory, { mode: 0o700 });
  try {
    const other = stagesOf(projectDir).find((each) => each.directory !== directory && isAlive(each.pid));
    if (other !== undefined) throw new StageTakenError(other.directory, other.pid);
    const before = fill(projectDir, directory);
    return { directory, discard, commit: () => commit(projectDir, directory, before) };
  } catch (error) {
    discard();
    throw error;
  }
}

const REMOVAL = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 } as const;

/** What was left by a command that was ended: undefined where nothing was. */
export type Repair = 'finished' | 'dropped' | undefined;

/**
 * Cleans up after a command that was killed: where it had begun to put the copy in place, that is finished; otherwise the copy is dropped, and
 * the project is as it was. What another process still works on is left to it.
 */
export function repairStage(projectDir: string, isAlive: (pid: number) => boolean): Repair {
  let repaired: Repair;
  for (const { directory, pid } of stagesOf(projectDir)) {
    if (isAlive(pid)) continue;
    const journal = readJson<Journal>(join(directory, SWAP, JOURNAL));
    if (journal !== undefined) swap(projectDir, directory, journal);
    rmSync(directory, REMOVAL);
    repaired = journal === undefined ? (repaired ?? 'dropped') : 'finished';
  }
  return repaired;
}

interface FoundStage {
  readonly directory: string;
  /** Of the process that made it. */
  readonly pid: number;
}

function stagesOf(projectDir: string): readonly FoundStage[] {
  return [within(projectDir), besides(projectDir)].flatMap((beginning) => {
    const [parent, name] = [dirname(beginning), basename(beginning)];
    return listNames(parent).flatMap((each) => {
      const [, pid] = each.startsWith(name) ? (/^-(\d+)-[0-9a-f-]{36}$/.exec(each.slice(name.length)) ?? []) : [];
      return pid === undefined ? [] : [{ directory: join(parent, each), pid: Number(pid) }];
    });
  });
}

function listNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // what may not be looked into holds nothing of ours
  }
}

function within(projectDir: string): string {
  return join(projectDir, NAME);
}

function besides(projectDir: string): string {
  return join(dirname(projectDir), `.${basename(projectDir)}${NAME}`);
}

/** Answers the text of each file as it was copied. */
function fill(projectDir: string, directory: string): ReadonlyMap<string, string> {
  const before = new Map<string, string>();
  for (const name of readdirSync(projectDir)) {
    const from = join(projectDir, name);
    const to = join(directory, name);
    if ((FILES as readonly string[]).includes(name)) {
      copyFileSync(from, to);
      before.set(name, readFileSync(to, 'latin1'));
    } else if ((DIRECTORIES as readonly string[]).includes(name)) {
      if (!lstatSync(from).isDirectory())
        throw new Error(
          `${from} is no directory of its own, so that nothing can be put in its place: install without automate`,
        );
      linkTree(from, to, name === 'node_modules' ? COPIED : ['']);
    } else if (!name.startsWith(NAME) && !HIDDEN.has(name)) {
      symlinkSync(from, to);
    }
  }
  return before;
}

/** No package manager looks into them. */
const HIDDEN: ReadonlySet<string> = new Set(['.git', '.automate']);
/** Directories of node_modules whose own files are notes of the package manager, which it may write into. */
const COPIED = ['', '.pnpm'];

function linkTree(from: string, to: string, copied: readonly string[], path = ''): void {
  mkdirSync(join(to, path));
  for (const entry of readdirSync(join(from, path), { withFileTypes: true })) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) linkTree(from, to, copied, below);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(join(from, below)), join(to, below));
    else if (entry.isFile()) putFile(join(from, below), join(to, below), !copied.includes(path));
  }
}

function putFile(from: string, to: string, mayLink: boolean): void {
  if (mayLink) {
    try {
      linkSync(from, to);
      return;
    } catch {
      // On another device, linked too often already, or not this user's.
    }
  }
  copyFileSync(from, to);
}

function commit(projectDir: string, directory: string, before: ReadonlyMap<string, string>): void {
  const textIn = (place: string, name: string): string | undefined =>
    existsSync(join(place, name)) ? readFileSync(join(place, name), 'latin1') : undefined;
  // Our own lock is written by whoever holds the stage alone.
  const meanwhile = FILES.filter((name) => textIn(projectDir, name) !== before.get(name));
  if (meanwhile.length > 0)
    throw new Error(
      `${meanwhile.join(', ')} was changed while the packages were installed: nothing was changed, say it again`,
    );
  rewriteOwnPath(projectDir, directory);
  const changed = FILES.filter((name) => textIn(directory, name) !== before.get(name));
  const journal: Journal = {
    put: [...changed, ...DIRECTORIES].filter((name) => existsSync(join(directory, name))),
    gone: [...changed, ...DIRECTORIES].filter(
      (name) => !existsSync(join(directory, name)) && existsSync(join(projectDir, name)),
    ),
  };
  mkdirSync(join(directory, SWAP));
  const draft = join(directory, SWAP, 'draft.json');
  writeFileSync(draft, JSON.stringify(journal));
  renameSync(draft, join(directory, SWAP, JOURNAL));
  swap(projectDir, directory, journal);
  rmSync(join(directory, SWAP, JOURNAL));
}

/**
 * Step by step, in one turn; each step is left out where it was made already. Where one cannot be made (`node_modules` that is a mount, say),
 * those before it are taken back.
 */
function swap(projectDir: string, directory: string, journal: Journal): void {
  const old = join(directory, SWAP, 'old');
  mkdirSync(old, { recursive: true });
  const names = [...journal.put, ...journal.gone];
  const isPut = (name: string): boolean => journal.put.includes(name) && !isThere(join(directory, name));
  try {
    for (const name of names) {
      const [staged, here, away] = [join(directory, name), join(projectDir, name), join(old, name)];
      if (isPut(name)) continue;
      if (isThere(here) && !isThere(away)) renameSync(here, away);
      if (isThere(staged)) renameSync(staged, here);
    }
  } catch (error) {
    for (const name of names.toReversed()) {
      const [staged, here, away] = [join(directory, name), join(projectDir, name), join(old, name)];
      if (isPut(name)) renameSync(here, staged);
      if (isThere(away)) renameSync(away, here);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`nothing was changed: the new packages cannot be put in place: ${reason}`, { cause: error });
  }
}

/** pnpm keeps the path of the project that it installed. */
function rewriteOwnPath(projectDir: string, directory: string): void {
  const file = join(directory, 'node_modules', '.pnpm-workspace-state-v1.json');
  if (!existsSync(file)) return;
  const quoted = (path: string): string => JSON.stringify(path).slice(1, -1);
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(quoted(directory), quoted(projectDir)));
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
