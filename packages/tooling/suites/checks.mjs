import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from '../run.mjs';

/**
 * The checks that are one program each. Every one counts as a single test.
 *
 * @type {ReadonlyArray<{ name: string, title: string, command: string, args: readonly string[], repair: string, needs?: string }>}
 */
export const CHECKS = [
  {
    name: 'build',
    title: 'the sources compile',
    command: 'tsc',
    args: ['-b', '--pretty', 'false'],
    repair: 'npm run build',
  },
  {
    name: 'page',
    title: 'the page can be built',
    command: 'node',
    args: [join('host', 'build-page.mjs')],
    repair: 'npm run build',
  },
  {
    name: 'types',
    title: 'the tests are type-correct',
    command: 'tsc',
    args: ['-p', 'tsconfig.tests.json', '--pretty', 'false'],
    repair: 'npm run types',
  },
  {
    name: 'lint',
    title: 'the linter has nothing to say',
    command: 'oxlint',
    args: ['--type-aware', '--deny-warnings'],
    repair: 'npm run lint',
  },
  {
    name: 'format',
    title: 'the sources are formatted',
    command: 'oxfmt',
    args: ['--check'],
    repair: 'npm run format (this one rewrites the files)',
  },
  {
    name: 'unused',
    title: 'no file, export or dependency is unused',
    command: 'knip',
    args: ['--no-progress', '--no-config-hints'],
    repair: 'npm run knip',
  },
  {
    name: 'generated',
    title: 'generated files match their sources',
    command: 'node',
    args: [join('packages', 'tooling', 'generate.mjs'), '--check'],
    repair: 'npm run generate',
    needs: join('packages', 'tooling', 'generate.mjs'),
  },
];

/** Runs one check. Its output is shown only when it fails. */
export async function runCheck(check) {
  const { name, title } = check;
  if (check.needs !== undefined && !existsSync(join(ROOT, check.needs))) {
    return { name, passed: 0, seconds: 0, failures: [], skipped: [`${title} (${check.needs} is not there)`] };
  }
  const { status, output, seconds } = await run(check.command, check.args);
  if (status === 0) return { name, passed: 1, seconds, failures: [], skipped: [] };
  return {
    name,
    passed: 0,
    seconds,
    failures: [`${title}: exit code ${status}; to see it alone: ${check.repair}`],
    skipped: [],
    output,
  };
}
