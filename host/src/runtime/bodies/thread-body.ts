import { createRequire } from 'node:module';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort, Worker } from 'node:worker_threads';
import type * as TinypoolModule from 'tinypool';
import type { Tinypool } from 'tinypool';
import type { KillReason } from '../death.ts';
import type { CrashReport, OpenBatch } from '../messages.ts';
import type { Body, BodyEvents, Bounds, StartTask } from './body.ts';
import { SignsOfDeath } from './signs-of-death.ts';

export function createThreadBody(task: StartTask, bounds: Bounds, on: BodyEvents): Body {
  return new ThreadBody(task, bounds, on);
}

/** One thread, from start to death: a fresh pool of one worker, one task that never settles, and a port of our own. */
class ThreadBody implements Body {
  readonly ownLoop = true;
  readonly ownBytes = 0;
  readonly #on: BodyEvents;
  readonly #pool: Tinypool;
  readonly #thread: Worker;
  readonly #port: MessagePort;
  readonly #post: (batch: OpenBatch) => void;
  #holds = 0;
  readonly #signs = new SignsOfDeath({
    isExplained: ({ report, error, exitCode }) => report !== undefined || error !== undefined || exitCode !== undefined,
    onComplete: () => this.#finish(),
  });

  constructor(task: StartTask, { memoryMb }: Bounds, on: BodyEvents) {
    this.#on = on;
    // Loaded with the first thread, by `require` since that cannot wait: a host is ready before any connector starts.
    const { Tinypool } = createRequire(import.meta.url)('tinypool') as typeof TinypoolModule;
    this.#pool = new Tinypool({
      filename: new URL('../worker-entry.js', import.meta.url).href,
      runtime: 'worker_threads',
      minThreads: 1,
      maxThreads: 1,
      // With atomics an idle worker would block, and its timers and sockets would stand still.
      useAtomics: false,
      env: task.env,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 16 },
    });
    // Without a listener, whatever goes wrong between tasks would end the host.
    this.#pool.on('error', () => {});
    // The pool must not replace a worker that died: whether and when is the restart policy's to say.
    this.#pool.options.minThreads = 0;
    const worker = this.#pool.threads[0] as unknown as { readonly thread: Worker; ref: () => void };
    // The pool would hold the process again once its own port, which our worker closes, is gone.
    worker.ref = () => {};
    this.#thread = worker.thread;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#post = port1.postMessage.bind(port1);
    this.#listen();
    this.#pool.run({ ...task, port: port2 }, { name: 'start', transferList: [port2] }).catch(() => {
      // Settles only when the thread is gone, which the events below say better.
    });
  }

  get alive(): boolean {
    return this.#signs.alive;
  }

  post(batch: OpenBatch): void {
    this.#post(batch);
  }

  hold(): void {
    this.#holds += 1;
    if (this.#holds === 1) this.#port.ref();
  }

  release(): void {
    this.#holds -= 1;
    if (this.#holds === 0) this.#port.unref();
  }

  noteReport(report: CrashReport): void {
    this.#signs.learn({ report });
  }

  kill(reason: KillReason, message: string): void {
    if (this.#signs.kill(reason, message)) void this.#thread.terminate();
  }

  /** Answers even while the thread spins. */
  async memory(): Promise<number> {
    const { used_heap_size: heap, external_memory: buffers } = await this.#thread.getHeapStatistics();
    return heap + buffers;
  }

  loopTimes(): { readonly active: number; readonly idle: number } {
    const { active, idle } = this.#thread.performance.eventLoopUtilization();
    return { active, idle };
  }

  #listen(): void {
    this.#port.on('message', (raw: unknown) => this.#on.onMessage(raw));
    this.#port.on('messageerror', () => this.#on.onMessage(undefined));
    this.#port.on('close', () => this.#signs.close());
    this.#thread.on('error', (error: unknown) => this.#signs.sign({ error: error ?? 'nothing' }));
    this.#thread.on('exit', (exitCode) => {
      this.#signs.exit({ exitCode });
      // Only now: destroying the pool between a heap's end and the `error` event for it would end the host.
      this.#pool.destroy().catch(() => {});
    });
    // Listening references both; only somebody who waits may.
    this.#thread.unref();
    this.#port.unref();
  }

  #finish(): void {
    const { death, closed } = this.#signs;
    if (death.exitCode === undefined) {
      // One whose port has closed is ending by itself.
      if (!closed) void this.#thread.terminate();
      this.#signs.awaitExit((gone) => this.#on.onLinger(gone));
    }
    this.#port.close();
    this.#on.onDeath(death);
  }
}
