import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CliExit, EXIT } from '../cli-context.ts';
import type { LearnOptions } from '../cli-context.ts';
import type { JudgedPermission } from '../conformance/load-suite.ts';
import { loadSuite } from '../conformance/load-suite.ts';
import type { FormatTable } from '../format-table.ts';
import type { ProgramOptions } from '../plugins/run-installer.ts';
import { toManifest, writePermissions } from './write-permissions.ts';

export interface LearnMachine extends Omit<ProgramOptions, 'cwd'> {
  readonly projectDir: string;
  /** Where the host's own package lies. */
  readonly hostDir: string;
  readonly formatTable: FormatTable;
}

const WORDS: Readonly<Record<JudgedPermission['state'], string>> = {
  used: 'asked for and used',
  unused: 'asked for and not used',
  missing: 'used and not asked for',
  by_library: 'used by a library, not asked for',
};

/**
 * Drives the kinds of a package and runs its tests, and tells the smallest permissions with which they do what they did. Writes them into
 * package.json where that is wanted.
 *
 * @throws CliExit where there is no package, or its tests fail, after which nothing is written
 */
export async function learnPermissions(
  { target, command, tests = true, write = false, json }: LearnOptions & { readonly json: boolean },
  { projectDir, hostDir, formatTable, env, signal }: LearnMachine,
): Promise<string> {
  const places = [resolve(target), join(projectDir, 'node_modules', target)];
  const found = places.find((place) => existsSync(join(place, 'package.json')));
  if (found === undefined)
    throw new CliExit(EXIT.usage, `there is no package ${target}: neither ${places.join(' nor ')} has a package.json`);
  const directory = realpathSync(found);
  const file = join(directory, 'package.json');
  const suite = await loadSuite([directory, projectDir, hostDir]);
  const run = testsOf(file, command, tests);
  const done = await suite.learnPermissions(directory, { env, signal, ...(run === undefined ? {} : { tests: run }) });
  signal.throwIfAborted();
  if (done.tests?.passed === false)
    throw new CliExit(
      EXIT.failed,
      `the tests of ${directory} fail, so that what they did says too little: ${(run ?? []).join(' ')} said\n${done.tests.output.trim()}`,
    );
  const { kinds } = done;
  const differs = kinds.some(({ judged }) => judged.some(({ state }) => state === 'unused' || state === 'missing'));
  const written = write && differs;
  if (written) writePermissions(file, new Map(kinds.map(({ kind, permissions }) => [kind, permissions])));
  if (json)
    return JSON.stringify(
      {
        file,
        written,
        tests: done.tests === undefined ? 'none' : 'passed',
        kinds: kinds.map(({ kind, permissions, judged }) => ({ kind, permissions: toManifest(permissions), judged })),
      },
      undefined,
      2,
    );
  const rows = kinds.flatMap(({ kind, judged }) =>
    judged.map(({ permission, value, state }) => [kind, permission, value, WORDS[state]]),
  );
  return [
    rows.length === 0
      ? 'nothing is asked for, and nothing was used'
      : formatTable(['KIND', 'PERMISSION', 'WHAT', 'IS'], rows),
    '',
    ...kinds.map(({ kind, permissions }) => `${kind}: "permissions": ${JSON.stringify(toManifest(permissions))}`),
    write ? `written to ${file}` : differs ? `--write puts them into ${file}` : `${file} asks for just that`,
    ...(done.tests === undefined ? ['no tests were run: the kinds were driven by their schemas alone'] : []),
  ].join('\n');
}

/** The command that is given, else the script of the package, if it has one. */
function testsOf(file: string, command: readonly string[], wanted: boolean): readonly string[] | undefined {
  if (command.length > 0) return command;
  const { scripts } = JSON.parse(readFileSync(file, 'utf8')) as { readonly scripts?: { readonly test?: unknown } };
  return wanted && typeof scripts?.test === 'string' ? ['npm', 'test'] : undefined;
}
