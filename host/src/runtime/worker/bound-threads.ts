import { syncBuiltinESMExports } from 'node:module';
import workerThreads from 'node:worker_threads';

/** More than enough for the machine code of a thread; Node's own choice is half a gigabyte. */
const CODE_RANGE_MB = 32;

/**
 * Has threads that a connector starts set aside less memory for machine code: all that is set aside counts against the
 * bound of the process, which would not start a thread then, but abort.
 */
export function boundThreads(): void {
  const { Worker } = workerThreads;
  workerThreads.Worker = class extends Worker {
    constructor(...[file, options]: ConstructorParameters<typeof Worker>) {
      super(file, { ...options, resourceLimits: { codeRangeSizeMb: CODE_RANGE_MB, ...options?.resourceLimits } });
    }
  };
  syncBuiltinESMExports();
}
