import { createRequire } from 'node:module';

/** What is needed of a test runner: `describe` and `it` of Jest, of Vitest and of node:test fit. */
export interface TestRunner {
  describe(title: string, body: () => void): unknown;
  it(title: string, body: () => Promise<void>): unknown;
}

interface Running extends Partial<TestRunner> {
  readonly afterAll?: (check: () => void) => void;
  readonly expect?: { getState?(): { readonly currentTestName?: string } };
}

/** The runner given, or the one that runs these tests, whether or not it has globals. */
export function findRunner(given: TestRunner | undefined): TestRunner {
  if (given !== undefined) return given;
  const { describe, it } = findRunning();
  if (typeof describe === 'function' && typeof it === 'function') return { describe, it };
  throw new Error(
    'this runs under none of Jest, Vitest and `node --test`: run it under one of them, or pass { describe, it } of your test runner',
  );
}

/** Runs a check after all tests of the file, whose error fails it: by the runner's `afterAll`, or else when the process ends. */
export function onEndOfTests(check: () => void): void {
  const { afterAll, expect } = findRunning();
  // What a test makes for itself is that test's business, and no hook may be added then.
  if (expect?.getState?.().currentTestName !== undefined) return;
  if (typeof afterAll === 'function') return afterAll(check);
  // node:test has no such hook for a file, and calls one that registers nothing a success.
  process.once('exit', () => {
    try {
      check();
    } catch (error) {
      console.error((error as Error).message);
      process.exitCode = 1;
    }
  });
}

function findRunning(): Running {
  const globals = globalThis as Running & { readonly __vitest_index__?: Running };
  if (typeof globals.describe === 'function') return globals;
  // As Vitest gives it to tests within a source file.
  if (globals.__vitest_index__ !== undefined) return globals.__vitest_index__;
  // Before Jest, whose variable programs inherit that its tests start.
  if (process.env['NODE_TEST_CONTEXT'] !== undefined) return process.getBuiltinModule('node:test') as Running;
  if (process.env['JEST_WORKER_ID'] === undefined) return {};
  try {
    return createRequire(import.meta.url)('@jest/globals') as Running;
  } catch {
    return {}; // not under Jest after all
  }
}
