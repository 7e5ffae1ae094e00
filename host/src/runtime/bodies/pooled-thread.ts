import { createRequire } from 'node:module';
import type { Worker } from 'node:worker_threads';
import type * as TinypoolModule from 'tinypool';
import type { Tinypool } from 'tinypool';
import { CODE_RANGE_MB, findDataShortage } from '../data-room.ts';
import type { Making } from './spare.ts';

/** A fresh pool of one thread, which has loaded the worker's core and waits for its one task. */
export interface PooledThread {
  readonly pool: Tinypool;
  readonly thread: Worker;
}

/** @param env what the code in it sees of an environment */
export function createPooledThread(memoryMb: number, env: Readonly<Record<string, string>> = {}): PooledThread {
  // Loaded with the first thread, by `require` since that cannot wait: a host is ready before any connector starts.
  const { Tinypool } = createRequire(import.meta.url)('tinypool') as typeof TinypoolModule;
  const pool = new Tinypool({
    filename: new URL('../worker-entry.js', import.meta.url).href,
    runtime: 'worker_threads',
    minThreads: 1,
    maxThreads: 1,
    // With atomics an idle worker would block, and its timers and sockets would stand still.
    useAtomics: false,
    env,
    execArgv: [],
    resourceLimits: {
      maxOldGenerationSizeMb: memoryMb,
      maxYoungGenerationSizeMb: 16,
      codeRangeSizeMb: CODE_RANGE_MB,
    },
  });
  // Without a listener, whatever goes wrong between tasks would end the host.
  pool.on('error', () => {});
  // The pool must not replace a worker that died: whether and when is the restart policy's to say.
  pool.options.minThreads = 0;
  const worker = pool.threads[0] as unknown as { readonly thread: Worker; ref: () => void };
  // The pool would hold the process again once its own port, which our worker closes, is gone.
  worker.ref = () => {};
  const { thread } = worker;
  // Only now: destroying the pool between a heap's end and the `error` event for it would end the host.
  thread.on('exit', () => void pool.destroy().catch(() => {}));
  thread.unref();
  return { pool, thread };
}

/** Threads as most connectors have them: they see no environment. */
export const POOLED_THREADS: Making<PooledThread> = {
  make: (memoryMb) => createPooledThread(memoryMb),
  mayMake: (memoryMb) => findDataShortage(memoryMb) === undefined,
  // One that has ended has no id any more.
  isAlive: ({ thread }) => thread.threadId > 0,
  end: ({ thread }) => void thread.terminate(),
};
