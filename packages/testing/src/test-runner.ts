/** What is needed of a test runner: Jest's and Vitest's globals fit, and so do `describe` and `it` of node:test. */
export interface TestRunner {
  describe(title: string, body: () => void): unknown;
  it(title: string, body: () => Promise<void>): unknown;
}

/** The runner given, or the one whose `describe` and `it` are global. */
export function findRunner(given: TestRunner | undefined): TestRunner {
  if (given !== undefined) return given;
  const { describe, it } = globalThis as Partial<TestRunner>;
  if (typeof describe === 'function' && typeof it === 'function') return { describe, it };
  throw new Error(
    'there are no global describe and it: run this under Jest or the like, or pass { describe, it } of your test runner',
  );
}

/** Runs a check after all tests of the file, whose error fails it: by a global `afterAll`, or else when the process ends. */
export function onEndOfTests(check: () => void): void {
  const { afterAll, expect } = globalThis as {
    readonly afterAll?: (check: () => void) => void;
    readonly expect?: { getState?(): { readonly currentTestName?: string } };
  };
  // What a test makes for itself is that test's business, and no hook may be added then.
  if (expect?.getState?.().currentTestName !== undefined) return;
  if (typeof afterAll === 'function') return afterAll(check);
  // node:test has no such global, and calls a file that registers nothing a success.
  process.once('exit', () => {
    try {
      check();
    } catch (error) {
      console.error((error as Error).message);
      process.exitCode = 1;
    }
  });
}
