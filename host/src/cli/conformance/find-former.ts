import { copyFileSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { ConnectorDescription } from '@automate/contract';
import { describeProblem, quote } from '@automate/contract';
import { compareDescriptions, compareLocked } from '../../plugins/lock/compare-kinds.ts';
import type { KindChange } from '../../plugins/lock/compare-kinds.ts';
import { LOCK_FILE, readLock } from '../../plugins/lock/connectors-lock.ts';
import { lockKind } from '../../plugins/lock/lock-package.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import type { ProgramOptions } from '../plugins/run-installer.ts';
import { askRegistry, runInstaller } from '../plugins/run-installer.ts';
import { isPath, nameIn } from '../plugins/spec-names.ts';
import type { Suite } from './load-suite.ts';

/** An earlier release of a package, as far as it can be compared. */
export interface Former {
  readonly version: string;
  /** Their names. */
  readonly kinds: readonly string[];
  /** What is otherwise in a kind now; undefined where the release had no such kind. */
  changesIn(now: ConnectorDescription): readonly KindChange[] | undefined;
}

export interface FormerOptions extends Omit<ProgramOptions, 'cwd'> {
  /** The name of the package that is compared with it. */
  readonly packageName: string;
  /** Its directory, whose `.npmrc` counts, and the project's. */
  readonly places: readonly string[];
  readonly suite: Suite;
}

/**
 * Finds an earlier release: in a directory, as an installed package, by what `connectors.lock` holds of it, or in a registry.
 *
 * @param against `true` for the newest that is published
 * @throws CliExit where there is none
 */
export async function findFormer(against: string | true, options: FormerOptions): Promise<Former> {
  const { suite, places } = options;
  if (against !== true && basename(against) === LOCK_FILE) return fromLock(dirname(resolve(against)), options);
  const directory = against === true ? undefined : findDirectory(against, places);
  if (directory !== undefined) return describeRelease(directory, suite);
  if (against !== true && isPath(against) && !existsSync(resolve(against)))
    throw new CliExit(EXIT.usage, `there is nothing at ${resolve(against)}`);
  return fromRegistry(against, options);
}

/** A directory, or an installed package by its name. */
function findDirectory(against: string, places: readonly string[]): string | undefined {
  const found = [resolve(against), ...places.map((place) => join(place, 'node_modules', against))].find((place) =>
    existsSync(join(place, 'package.json')),
  );
  return found === undefined ? undefined : realpathSync(found);
}

async function describeRelease(directory: string, suite: Suite): Promise<Former> {
  const { version = '' } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { version?: string };
  const kinds = await suite.describeKinds(directory);
  return {
    version,
    kinds: kinds.map(({ kind }) => kind),
    changesIn(now) {
      const before = kinds.find(({ kind }) => kind === now.kind);
      return before === undefined ? undefined : compareDescriptions(before, now);
    },
  };
}

/** A lock has hashes of schemas: it tells that one differs, and not in what. */
function fromLock(directory: string, { packageName }: FormerOptions): Former {
  const reading = readLock(directory);
  if (reading.kind === 'faulty') throw new CliExit(EXIT.badConfig, reading.problems.map(describeProblem).join('; '));
  const locked = reading.kind === 'absent' ? undefined : reading.lock[packageName];
  if (locked === undefined)
    throw new CliExit(EXIT.usage, `${join(directory, LOCK_FILE)} has no package ${quote(packageName)}`);
  return {
    version: locked.version,
    kinds: Object.keys(locked.kinds),
    changesIn(now) {
      const before = locked.kinds[now.kind];
      return before === undefined ? undefined : compareLocked(now.kind, before, lockKind(now));
    },
  };
}

/** Installs the release in a directory of its own, without running any of its scripts, for as long as it takes to describe it. */
async function fromRegistry(against: string | true, options: FormerOptions): Promise<Former> {
  const { packageName, places, env, signal, suite } = options;
  const folder = mkdtempSync(join(tmpdir(), 'automate-former-'));
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'former', version: '0.0.0', private: true }));
    // Which registry, and with which token.
    const settings = places.map((place) => join(place, '.npmrc')).find((file) => existsSync(file));
    if (settings !== undefined) copyFileSync(settings, join(folder, '.npmrc'));
    const program = { cwd: folder, env, signal };
    const spec = against === true ? `${packageName}@${await newestOf(packageName, program)}` : against;
    const npm = { name: 'npm', args: () => [] } as const;
    try {
      await runInstaller(npm, ['install', '--no-audit', '--no-fund', '--loglevel=error', spec], program);
    } catch (error) {
      signal.throwIfAborted();
      throw new CliExit(EXIT.usage, `${spec} cannot be had, to be compared with: ${(error as Error).message}`);
    }
    return await describeRelease(join(folder, 'node_modules', nameIn(spec) ?? packageName), suite);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function newestOf(packageName: string, program: ProgramOptions): Promise<string> {
  const version = await askRegistry(packageName, ['version'], program);
  if (typeof version === 'string') return version;
  throw new CliExit(
    EXIT.usage,
    `no registry tells of a release of ${quote(packageName)}: name one by directory, ${LOCK_FILE} or NAME@VERSION, or leave --against out until it is published`,
  );
}
