import type { AdapterClass } from '@automate/sdk/runtime';
import type { ConformanceOptions } from './conformance/conformance-options.ts';
import { readKinds } from './conformance/read-kinds.ts';
import { CHECKS, runCheck } from './conformance/run-checks.ts';
import { createSubject } from './conformance/subject.ts';
import type { SubjectOptions } from './conformance/subject.ts';
import type { TestRunner } from './test-runner.ts';
import { findRunner } from './test-runner.ts';

/**
 * Registers the tests that every connector must pass, one for each rule that `automate conformance` knows. They need no remote
 * system: every action is driven from its schema against local servers that answer well, badly and not at all.
 *
 * Given a class they run in this thread; given the directory of a built package, as a `file:` URL or a path, each kind of
 * its manifest runs as it will be installed, in a thread of its own, which may hang or end without harm to the tests.
 *
 * ```ts
 * conformance(MyServiceAdapter, { config: { host: 'localhost' }, settings: { region: 'eu' }, packageJson });
 * conformance(new URL('..', import.meta.url), { config: { host: 'localhost' } });
 * ```
 */
export function conformance(
  subject: AdapterClass | URL | string,
  options: ConformanceOptions = {},
  runner?: TestRunner,
): void {
  const { describe, it } = findRunner(runner);
  const kinds = typeof subject === 'function' ? [ofClass(subject, options)] : readKinds(subject, options);
  for (const kind of kinds)
    describe(`conformance of ${kind.kind}`, () => {
      const made = createSubject(kind);
      for (const check of CHECKS)
        it(check.title, async () => {
          const { status, message } = await runCheck(check, made);
          if (status === 'failed') throw new Error(message);
        });
    });
}

function ofClass(adapterClass: AdapterClass, options: ConformanceOptions): SubjectOptions {
  return {
    kind: options.kind ?? nameOf(adapterClass),
    code: { adapterClass },
    options,
    ...(options.packageJson === undefined ? {} : { manifest: options.packageJson }),
  };
}

/** What an adapter calls itself; the class's own name where it cannot be made, which the tests then tell. */
function nameOf(adapterClass: AdapterClass): string {
  try {
    const { name } = new adapterClass();
    return typeof name === 'string' ? name : adapterClass.name;
  } catch {
    return adapterClass.name;
  }
}
