import { syncBuiltinESMExports } from 'node:module';
import type { ResourceLimits } from 'node:worker_threads';
import workerThreads from 'node:worker_threads';

/**
 * Has threads that a connector starts begin with guards of their own, and within bounds that hold where it names none.
 *
 * @param entry path of what each of them begins with. It is required, as a thread imports nothing ahead of its code
 */
export function guardThreads(entry: string, bounds: ResourceLimits = {}): void {
  const { Worker } = workerThreads;
  workerThreads.Worker = class extends Worker {
    constructor(...[file, options]: ConstructorParameters<typeof Worker>) {
      super(file, {
        ...options,
        execArgv: [...(options?.execArgv ?? []), '--require', entry],
        resourceLimits: { ...bounds, ...options?.resourceLimits },
      });
    }
  };
  syncBuiltinESMExports();
}
