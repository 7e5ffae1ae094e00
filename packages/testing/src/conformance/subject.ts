import type { ConnectorDescription } from '@automate/contract';
import type { Subject } from './check.ts';
import type { ConformanceOptions } from './conformance-options.ts';
import { describedOf } from './described-of.ts';
import type { Code } from './probe.ts';
import { openProbe } from './probe.ts';
import { PATIENCE_MS, rehearse } from './rehearse.ts';
import { takeTour } from './tour.ts';

export interface SubjectOptions {
  readonly kind: string;
  readonly code: Code;
  readonly options: ConformanceOptions;
  readonly manifest?: unknown;
  readonly packageDir?: string;
}

/** A kind under test. What it does is learned when the first check asks for it, and once. */
export function createSubject({ kind, code, options, manifest, packageDir }: SubjectOptions): Subject {
  const description = once(() => describe(code, kind));
  const described = (): Promise<ConnectorDescription> => describedOf({ description });
  // One after the other: in one thread they would see each other's doings.
  const rehearsal = once(async () => rehearse({ code, kind, options, description: await described() }));
  const tour = once(async () => {
    const given = await described();
    if ('adapterClass' in code) await rehearsal().catch(() => undefined);
    return takeTour({ code, kind, options, description: given });
  });
  const endurance = once(async () => {
    const given = await described();
    if ('adapterClass' in code) await tour();
    return takeTour({ code, kind, options, description: given, soaking: true });
  });
  return {
    kind,
    code,
    options,
    ...(manifest === undefined ? {} : { manifest }),
    ...(packageDir === undefined ? {} : { packageDir }),
    description,
    rehearsal,
    tour,
    endurance,
  };
}

async function describe(code: Code, kind: string): Promise<ConnectorDescription> {
  await using probe = await openProbe({ code, kind, canaries: [] }, PATIENCE_MS);
  const answer = await probe.step('describe', undefined, PATIENCE_MS);
  if (!answer.ok) throw new Error(answer.message);
  return answer.value;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
