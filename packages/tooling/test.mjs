// `npm test [-- suite…]`: every check and every test suite, one after the other; one that fails does not stop the rest.
// The build comes first even when it was not asked for, because every other suite reads what it writes.
// The last line says how many passed and failed; the exit code is 0 only when none failed.

import { CHECKS, runCheck } from './suites/checks.mjs';
import { JEST_SUITES, runJestSuite } from './suites/jest-suites.mjs';
import { runPackages } from './suites/packages.mjs';
import { printFailures, printSummary } from './suites/report.mjs';

const SUITES = [
  ...CHECKS.map((check) => ({ name: check.name, run: () => runCheck(check) })),
  { name: 'packages', run: runPackages },
  ...JEST_SUITES.map((suite) => ({ name: suite.name, run: () => runJestSuite(suite) })),
];
/** `npm test -- checks` runs all that is not a Jest suite. */
const CHECK_NAMES = SUITES.slice(0, -JEST_SUITES.length).map((suite) => suite.name);

function select(names) {
  const wanted = new Set(names.flatMap((name) => (name === 'checks' ? CHECK_NAMES : [name])));
  const unknown = [...wanted].filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    console.error(`There is no suite named ${unknown.map((name) => `"${name}"`).join(', ')}.`);
    console.error(
      `Suites: checks, ${SUITES.map((suite) => suite.name).join(', ')}. For single files: npm run jest -- PATH`,
    );
    process.exit(2);
  }
  return wanted.size === 0 ? SUITES : SUITES.filter((suite) => suite.name === 'build' || wanted.has(suite.name));
}

async function runGuarded(suite) {
  console.log(`\n=== ${suite.name}`);
  try {
    return await suite.run();
  } catch (error) {
    return {
      name: suite.name,
      passed: 0,
      seconds: 0,
      failures: [`${suite.name} could not be run`],
      skipped: [],
      output: error.stack,
    };
  }
}

const results = [];
for (const suite of select(process.argv.slice(2))) {
  const result = await runGuarded(suite);
  printFailures(result);
  results.push(result);
}
process.exitCode = printSummary(results) === 0 ? 0 : 1;
