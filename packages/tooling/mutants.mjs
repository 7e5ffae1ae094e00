// `npm run mutants -- ROOM [FILE…]`: changes the host's code in one room in every small way that Stryker knows, one at a
// time, and runs the room's tests on each change. A change that leaves them green survives; it needs a reason in
// `surviving-mutants.mjs`, or a test. The exit code is 1 for a survivor without a reason and for a reason without a survivor.
// What is changed is the built code, since most tests use a whole host: tests that import a source get its built file here.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import { SURVIVORS } from './surviving-mutants.mjs';

/** Files of `host/dist` and the tests of `host/test` that are to notice what changes in them. */
const ROOMS = {
  'close-stack': { files: ['close-stack.js'], tests: ['close-stack.test.ts'] },
  execution: { files: ['execution/**/*.js'], tests: ['execution/**/*.test.ts'] },
  service: { files: ['service/*.js', 'events/*.js'], tests: ['service/*.test.ts', 'events/*.test.ts', 'host.test.ts'] },
  connectors: {
    files: ['connectors/*.js'],
    tests: ['connectors/*.test.ts', 'host.test.ts', 'kinds.test.ts', 'registration.test.ts', 'reload.test.ts'],
  },
};
/** Texts for people, which no test should repeat whole. */
const EXCLUDED = ['StringLiteral'];

const [name, ...only] = process.argv.slice(2);
const room = ROOMS[name];
if (room === undefined) {
  console.error(
    `usage: npm run mutants -- ${Object.keys(ROOMS).join('|')} [FILE of host/dist, such as ${ROOMS.execution.files[0]}…]`,
  );
  process.exit(2);
}
const results = await new Stryker({
  mutate: (only.length > 0 ? only : room.files).map((file) => `host/dist/${file}`),
  mutator: { excludedMutations: EXCLUDED },
  // What runs as its module is loaded would cost a run of all tests each.
  ignoreStatic: true,
  ignorePatterns: ['/docs', '/host/bench', '/plugins/*/test'],
  testRunner: 'jest',
  plugins: ['@stryker-mutator/jest-runner'],
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  coverageAnalysis: 'perTest',
  jest: {
    configFile: 'jest.config.mjs',
    enableFindRelatedTests: false,
    config: {
      testMatch: room.tests.map((test) => `<rootDir>/host/test/${test}`),
      testEnvironment: '@stryker-mutator/jest-runner/jest-env/node',
      moduleNameMapper: { '^(?:\\.\\./)+src/(.*)\\.ts$': '<rootDir>/host/dist/$1.js' },
      modulePathIgnorePatterns: ['/fixtures/'],
      runner: '<rootDir>/packages/tooling/mutants-runner.mjs',
      // What never ends is noticed here already, without a new process.
      testTimeout: 20_000,
    },
  },
  // TypeScript 7 has no interface for programs, so Stryker cannot rewrite its configuration; nothing here needs it.
  tsconfigFile: 'none.json',
  // Whole hosts on a busy machine; what never ends counts as noticed.
  timeoutMS: 20_000,
  timeoutFactor: 1,
  dryRunTimeoutMinutes: 20,
  concurrency: 1,
  reporters: ['progress-append-only'],
  allowEmpty: true,
}).runMutationTest();

const survived = results.filter(({ status }) => status === 'Survived' || status === 'NoCoverage').map(describe);
const tested = new Set(results.map(({ fileName }) => shortName(fileName)));
const listed = SURVIVORS.filter(({ file }) => tested.has(file));
const unexplained = survived.filter((mutant) => !listed.some((other) => isSame(mutant, other)));
const dead = listed.filter((mutant) => !survived.some((other) => isSame(mutant, other)));

const counts = Object.entries(Object.groupBy(results, ({ status }) => status)).map(
  ([status, { length }]) => `${length} ${status}`,
);
console.log(
  `${results.length} mutants: ${counts.join(', ')}; ${survived.length - unexplained.length} of the survivors have a reason`,
);
for (const mutant of unexplained) console.log(`survives without a reason: ${JSON.stringify(mutant, undefined, 2)}`);
for (const mutant of dead) console.log(`has a reason and does not survive: ${JSON.stringify(mutant, undefined, 2)}`);
process.exitCode = unexplained.length + dead.length > 0 ? 1 : 0;

/** The lines that a mutant stands in, as they are and as it has them. */
function describe({ fileName, location: { start, end }, replacement }) {
  const lines = readFileSync(fileName, 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line);
  const was = lines.join(' ');
  const last = lines.at(-1) ?? '';
  const becomes = `${lines[0]?.slice(0, start.column - 1)}${replacement}${last.slice(end.column - 1)}`;
  return { file: shortName(fileName), was: shorten(was), becomes: shorten(becomes) };
}

function shorten(text) {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 140 ? `${line.slice(0, 100)} … ${line.slice(-35)}` : line;
}

function shortName(fileName) {
  return fileName.slice(fileName.indexOf(join('host', 'dist')) + 'host/dist/'.length);
}

function isSame(one, other) {
  return one.file === other.file && one.was === other.was && one.becomes === other.becomes;
}
