import { MessageChannel } from 'node:worker_threads';
import type { MessagePort, Worker } from 'node:worker_threads';
import type { KillReason } from '../death.ts';
import type { CrashReport, OpenBatch } from '../messages.ts';
import type { Body, BodyEvents, Incarnate, StartTask } from './body.ts';
import type { PooledThread } from './pooled-thread.ts';
import { createPooledThread } from './pooled-thread.ts';
import { SignsOfDeath } from './signs-of-death.ts';
import type { Spare } from './spare.ts';

/** Bodies made of these threads; one that is to see an environment is given a thread of its own making. */
export function createThreadBodies(threads: Spare<PooledThread>): Incarnate {
  return (task, { memoryMb }, on) => {
    const plain = Object.keys(task.env).length === 0;
    return new ThreadBody(plain ? threads.take(memoryMb) : createPooledThread(memoryMb, task.env), task, on);
  };
}

/** One thread, from start to death: one task that never settles, and a port of our own. */
class ThreadBody implements Body {
  readonly ownLoop = true;
  readonly ownBytes = 0;
  readonly #on: BodyEvents;
  readonly #thread: Worker;
  readonly #port: MessagePort;
  readonly #post: (batch: OpenBatch) => void;
  #holds = 0;
  readonly #signs = new SignsOfDeath({
    isExplained: ({ report, error, exitCode }) => report !== undefined || error !== undefined || exitCode !== undefined,
    onComplete: () => this.#finish(),
  });

  constructor({ pool, thread }: PooledThread, task: StartTask, on: BodyEvents) {
    this.#on = on;
    this.#thread = thread;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#post = port1.postMessage.bind(port1);
    this.#listen();
    pool.run({ ...task, port: port2 }, { name: 'start', transferList: [port2] }).catch(() => {
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
    // It has decided to end, and is not waited for long: it ends only with threads of its own, and these may be blocked.
    if (report.exitCode !== undefined) this.#signs.sign();
  }

  kill(reason: KillReason, message: string): void {
    if (this.#signs.kill(reason, message)) void this.#thread.terminate();
  }

  /** Answers even while the thread spins. */
  async memory(): Promise<number> {
    const { used_heap_size: heap, external_memory: buffers } = await this.#thread.getHeapStatistics();
    return heap + buffers;
  }

  /** Of this thread alone; answers even while it spins. */
  async cpuTime(): Promise<number> {
    const { user, system } = await this.#thread.cpuUsage();
    return (user + system) / 1000;
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
    this.#thread.on('exit', (exitCode) => this.#signs.exit({ exitCode }));
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
