import type { AdapterClass } from '@automate/sdk/runtime';
import { describeAdapter, isAdapterClass } from '@automate/sdk/runtime';
import { CALL_CHECKS } from './conformance/call-checks.ts';
import type { Check, ConformanceOptions, Subject } from './conformance/check.ts';
import { DESCRIPTION_CHECKS } from './conformance/description-checks.ts';
import { SETTINGS_CHECKS } from './conformance/settings-checks.ts';
import type { TestRunner } from './test-runner.ts';
import { findRunner } from './test-runner.ts';

const CHECKS: readonly Check[] = [...DESCRIPTION_CHECKS, ...SETTINGS_CHECKS, ...CALL_CHECKS];

/**
 * Registers the tests that every connector must pass. They need no remote system and change nothing anywhere: an endpoint
 * is replaced by a port at which nothing listens.
 *
 * ```ts
 * conformance(MyServiceAdapter, { config: { host: 'localhost' }, settings: { region: 'eu' }, packageJson });
 * ```
 */
export function conformance(adapterClass: AdapterClass, options: ConformanceOptions = {}, runner?: TestRunner): void {
  const { describe, it } = findRunner(runner);
  const subject = subjectOf(adapterClass, options);
  describe(`conformance of ${options.kind ?? adapterClass.name}`, () => {
    if (!subject.ok) {
      it('can be described', () => Promise.reject(subject.error));
      return;
    }
    for (const check of CHECKS) {
      if (check.concerns?.(subject.value) ?? true) it(check.title, async () => check.run(subject.value));
    }
  });
}

type Described = { readonly ok: true; readonly value: Subject } | { readonly ok: false; readonly error: Error };

/** Described before the tests are registered, as not every rule concerns every connector. */
function subjectOf(adapterClass: AdapterClass, options: ConformanceOptions): Described {
  try {
    if (!isAdapterClass(adapterClass)) throw new TypeError('conformance needs a subclass of ConnectorAdapter');
    const sample = new adapterClass();
    const kind = options.kind ?? sample.name;
    return { ok: true, value: { adapterClass, options, kind, sample, description: describeAdapter(sample, { kind }) } };
  } catch (error) {
    return { ok: false, error: error as Error };
  }
}
