// Runs the tests of `mutants.mjs` in Jest: of a mutant only the files that reach it, the quickest first, up to the first
// that fails. Stryker knows tests by their names alone, so that without this each mutant would cost all files of its room.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import TestRunner from 'jest-runner';

export default class MutantsRunner extends TestRunner {
  async runTests(tests, watcher, options) {
    // The run without a mutant leaves what it saw beside the code, for the processes that follow one that hung.
    const seenFile = join(tests[0].context.config.rootDir, 'seen-tests.json');
    const seen = {};
    let failed = false;
    this.on('test-file-success', ([test, { numFailingTests, perfStats, testResults }]) => {
      failed ||= numFailingTests > 0;
      seen[test.path] = { ms: perfStats.runtime, names: testResults.map(({ fullName }) => fullName) };
    });
    if (process.env.__STRYKER_ACTIVE_MUTANT__ === undefined) {
      await super.runTests(tests, watcher, options);
      writeFileSync(seenFile, JSON.stringify(seen));
      return;
    }
    const known = JSON.parse(readFileSync(seenFile, 'utf8'));
    const wanted = new RegExp(this._globalConfig.testNamePattern ?? '', 'i');
    const reaching = tests.filter(({ path }) => known[path].names.some((name) => wanted.test(name)));
    for (const test of reaching.toSorted((one, other) => known[one.path].ms - known[other.path].ms)) {
      if (failed) return;
      await super.runTests([test], watcher, options);
    }
  }
}
