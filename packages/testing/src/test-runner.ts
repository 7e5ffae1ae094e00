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
