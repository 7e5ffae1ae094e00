import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { environment, ROOT } from '../run.mjs';
import { hasFailed, readReport, replaceResults } from './read-report.mjs';

/** Tests of whole hosts, processes and servers wait most of their time, so that a processor has room for two files. */
const WORKERS = Math.min(8, 2 * availableParallelism());

const IGNORED = ['**/node_modules/**', '**/dist/**', '**/fixtures/**'];

/**
 * The groups of tests, quick ones first. The minutes end what hangs, and are far from what a slow machine takes.
 *
 * @type {ReadonlyArray<{ name: string, files: readonly string[], except?: string, workers: number, minutes: number }>}
 */
export const JEST_SUITES = [
  {
    name: 'unit',
    files: ['packages/*/test/**/*.test.ts', 'plugins/*/test/**/*.test.ts'],
    workers: WORKERS,
    minutes: 20,
  },
  { name: 'host', files: ['host/test/**/*.test.ts'], except: 'host/test/e2e/', workers: WORKERS, minutes: 40 },
  // Not twice as many as there are processors: these start browsers, registries and installers of their own.
  { name: 'e2e', files: ['host/test/e2e/**/*.test.ts'], workers: Math.min(4, availableParallelism()), minutes: 20 },
];

/** After its last result Jest has this long to leave; then something holds it open, which is a fault of the tests. */
const LEAVE_WITHIN_MS = 30_000;

/**
 * Files that failed are run once more, alone: on a shared machine a process may get no processor for seconds. What then
 * passes is named as unsteady. More files than these have a fault in common, which another run would not explain.
 */
const MOST_FILES_AGAIN = 3;

function findFiles({ files, except }) {
  return globSync([...files], { cwd: ROOT, exclude: IGNORED })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => except === undefined || !file.startsWith(except))
    .toSorted();
}

/** Runs Jest in a process group of its own, so that a hanging run can be ended together with what it started. */
function startJest(suite, files, report) {
  const args = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join('node_modules', 'jest', 'bin', 'jest.js'),
  ];
  args.push(
    '--ci',
    `--testSequencer=${join(ROOT, 'packages', 'tooling', 'test-sequencer.mjs')}`,
    '--json',
    `--outputFile=${report}`,
    `--maxWorkers=${suite.workers}`,
    '--runTestsByPath',
    ...files,
  );
  const child = spawn('node', args, {
    cwd: ROOT,
    env: environment(),
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const kill = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has left by itself in the meantime.
    }
  };
  return { child, kill };
}

/** Resolves with what went wrong with the run as a whole, if anything did. */
function waitForJest(suite, { child, kill }, report) {
  const interrupted = () => {
    kill();
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  const started = Date.now();
  let reportedAt;
  let trouble;
  return new Promise((resolve, reject) => {
    const watch = setInterval(() => {
      if (reportedAt === undefined && existsSync(report)) reportedAt = Date.now();
      if (reportedAt !== undefined && Date.now() - reportedAt > LEAVE_WITHIN_MS) {
        trouble = 'Jest did not exit after its last test: a server, thread or timer was left open';
      } else if (Date.now() - started > suite.minutes * 60_000) {
        trouble = `no end after ${suite.minutes} minutes`;
      }
      if (trouble !== undefined) kill();
    }, 500);
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearInterval(watch);
      process.off('SIGINT', interrupted);
      process.off('SIGTERM', interrupted);
      resolve({ trouble, exit: signal ?? status });
    });
  });
}

/** Runs one group of tests; whatever happens to Jest itself is a failure with a name, never an exception. */
export async function runJestSuite(suite) {
  const started = Date.now();
  const files = findFiles(suite);
  const seconds = () => (Date.now() - started) / 1000;
  if (files.length === 0) {
    return {
      name: suite.name,
      passed: 0,
      seconds: 0,
      failures: [`no test files match ${suite.files.join(', ')}`],
      skipped: [],
    };
  }
  const folder = await mkdtemp(join(tmpdir(), 'automate-jest-'));
  const run = async (how, paths, name) => {
    const report = join(folder, name);
    const { trouble, exit } = await waitForJest(how, startJest(how, paths, report), report);
    const results = existsSync(report) ? JSON.parse(await readFile(report, 'utf8')).testResults : [];
    const ended = trouble ?? (exit === 0 || results.some(hasFailed) ? undefined : `Jest ended with ${exit}`);
    return { results, trouble: ended === undefined ? [] : [ended] };
  };
  try {
    const first = await run(suite, files, 'report.json');
    const again = first.results.filter(hasFailed).map((file) => relative(ROOT, file.name));
    const second =
      first.trouble.length > 0 || again.length === 0 || again.length > MOST_FILES_AGAIN
        ? undefined
        : await run({ ...suite, workers: 1 }, again, 'again.json');
    const results = second === undefined ? first.results : replaceResults(first.results, second.results);
    const { failures, ...result } = readReport(results);
    const failedFirst = readReport(first.results).failures;
    return {
      name: suite.name,
      seconds: seconds(),
      ...result,
      failures: [...failures, ...first.trouble, ...(second?.trouble ?? [])],
      unsteady: failedFirst.filter((name) => !failures.includes(name)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
