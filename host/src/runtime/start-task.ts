import type { StartTask } from './bodies/body.ts';
import type { WorkerSpec } from './runtime.ts';

/** What a worker of this spec is told first, as things stand now. */
export function createStartTask(
  spec: Omit<WorkerSpec, 'resolveConfig'> & Pick<Partial<StartTask>, 'snapshot'>,
  own: Pick<StartTask, 'seal' | 'compileCacheDirectory'>,
): StartTask {
  const { id, kind, type, packageName, packageVersion, code, snapshot } = spec;
  const env = spec.env?.() ?? {};
  const network = spec.network?.();
  return { ...own, id, kind, type, packageName, packageVersion, code, snapshot, env, network };
}
