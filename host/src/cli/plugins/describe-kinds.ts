import type { ConnectorDescription } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import type { Declaration } from '../../plugins/discovery/declaration.ts';
import { createWorkerRuntime } from '../../runtime/worker-runtime.ts';

/** What a kind said of itself, or why it could not. */
export type DescribedKind =
  | { readonly ok: true; readonly description: ConnectorDescription }
  | { readonly ok: false; readonly reason: string };

const PATIENCE_MS = 30_000;
const MEMORY_MB = 256;

/** Describes kinds, each once in a process of its own that is thrown away: nothing is initialized or connected, and no variable is seen. */
export async function describeKinds(
  declarations: readonly Declaration[],
): Promise<ReadonlyMap<Declaration, DescribedKind>> {
  const runtime = createWorkerRuntime({
    events: {
      onLog: () => undefined,
      onRecord: () => Promise.resolve('below_level'),
      onState: () => undefined,
      onCrash: () => undefined,
      onFault: () => undefined,
    },
  });
  try {
    const described = declarations.map(async (declaration): Promise<readonly [Declaration, DescribedKind]> => {
      const { kind, type, packageName, packageVersion, entryUrl: code } = declaration;
      try {
        const { description } = await runtime.inspect({
          kind,
          type,
          packageName,
          packageVersion,
          code,
          isolation: 'process',
          startTimeoutMs: PATIENCE_MS,
          memoryMb: MEMORY_MB,
        });
        return [declaration, { ok: true, description }];
      } catch (error) {
        return [declaration, { ok: false, reason: ConnectorError.from(error).message }];
      }
    });
    return new Map(await Promise.all(described));
  } finally {
    await runtime.close({ graceMs: 1_000 });
  }
}
