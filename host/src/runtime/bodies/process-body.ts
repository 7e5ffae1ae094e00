import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { KillReason } from '../death.ts';
import { encodeFrame, FrameReader } from '../frames.ts';
import type { CrashReport, LogSource, OpenBatch } from '../messages.ts';
import { LineSplitter } from '../worker/line-splitter.ts';
import { LogWriter } from '../worker/log-writer.ts';
import { Uplink } from '../worker/uplink.ts';
import type { Body, BodyEvents, Incarnate, StartTask } from './body.ts';
import type { LaunchOptions } from './launch-child.ts';
import { killGroup, launchChild } from './launch-child.ts';
import { readBusyTime, readCpuTime, readOwnMemory } from './process-usage.ts';
import { LINGER_MS, SignsOfDeath } from './signs-of-death.ts';
import type { Making, Spare } from './spare.ts';

/** What the engine prints last tells a full heap from other aborts. */
const LAST_WORDS_LENGTH = 4096;
const OUT_OF_MEMORY = /^FATAL ERROR: .*out of memory/im;

/** Children as most connectors have them. */
export function createChildren(options: Omit<LaunchOptions, 'memoryMb' | 'confinement'>): Making<ChildProcess> {
  return {
    make(memoryMb) {
      const child = launchChild({ ...options, memoryMb });
      child.on('error', () => {});
      child.unref();
      for (const stream of child.stdio) (stream as { unref?: () => void } | null)?.unref?.();
      return child;
    },
    isAlive: ({ pid, exitCode, signalCode }) => pid !== undefined && exitCode === null && signalCode === null,
    end: killGroup,
  };
}

/** Bodies made of these children. */
export function createProcessBodies(children: Spare<ChildProcess>): Incarnate {
  return (task, { memoryMb }, on) => new ProcessBody(children.take(memoryMb), task, on);
}

/**
 * One child process, from start to death. Batches cross on a descriptor of their own each way, as frames; the child's output streams
 * carry what goes past its console, native code's words included.
 */
export class ProcessBody implements Body {
  readonly ownLoop = true;
  /** The engine's own data, young objects, and what it has not given back yet. */
  readonly ownBytes = 64 * 1024 * 1024;
  readonly #on: BodyEvents;
  readonly #child: ChildProcess;
  /** What the child says. Nothing is written to it: a stream whose write fails would throw away what has come and was not read. */
  readonly #line: Socket;
  readonly #down: Socket;
  readonly #stdout: Socket;
  readonly #stderr: Socket;
  readonly #born = performance.now();
  #holds = 0;
  #spoken = false;
  #lastWords = '';
  readonly #signs = new SignsOfDeath({
    // An engine that aborts says why on its error stream.
    isExplained: ({ error, exitCode, signal }) =>
      error !== undefined || exitCode !== undefined || (signal !== undefined && this.#spoken),
    onComplete: () => this.#finish(),
  });

  constructor(child: ChildProcess, task: StartTask, on: BodyEvents) {
    this.#on = on;
    this.#child = child;
    [, this.#stdout, this.#stderr, this.#line, this.#down] = child.stdio as unknown as [
      null,
      Socket,
      Socket,
      Socket,
      Socket,
    ];
    this.#listen(task.seal);
    this.post([JSON.stringify(task)]);
  }

  get alive(): boolean {
    return this.#signs.alive;
  }

  post(batch: OpenBatch): void {
    this.#down.write(encodeFrame(batch));
  }

  hold(): void {
    this.#holds += 1;
    if (this.#holds === 1) this.#line.ref();
  }

  release(): void {
    this.#holds -= 1;
    if (this.#holds === 0) this.#line.unref();
  }

  noteReport(report: CrashReport): void {
    this.#signs.learn({ report });
    // It has decided to end, and is not waited for long: threads of its own may be blocked, and the system ends it with them.
    if (report.exitCode !== undefined) this.#signs.sign();
  }

  kill(reason: KillReason, message: string): void {
    if (this.#signs.kill(reason, message)) killGroup(this.#child);
  }

  memory(): Promise<number> {
    return readOwnMemory(this.#child.pid ?? 0);
  }

  cpuTime(): Promise<number | undefined> {
    return readCpuTime(this.#child.pid ?? 0);
  }

  loopTimes(): { readonly active: number; readonly idle: number } {
    const active = readBusyTime(this.#child.pid ?? 0);
    return { active, idle: Math.max(0, performance.now() - this.#born - active) };
  }

  #listen(seal: string): void {
    const reader = new FrameReader();
    this.#line.on('data', (piece) => this.#take(reader, piece));
    this.#line.on('error', () => {});
    // What is written to a child that ended meanwhile.
    this.#down.on('error', () => {});
    this.#down.on('close', () => this.#signs.sign());
    this.#line.on('close', () => this.#signs.close());
    // Within the rate of one connector, as its console is.
    const log = new LogWriter(new Uplink({ post: (batch) => this.#on.onMessage(batch), flush() {} }, seal));
    this.#capture(this.#stdout, 'stdout', (line) => log.write('info', 'stdout', line));
    this.#capture(this.#stderr, 'stderr', (line) => log.write('warn', 'stderr', line));
    this.#child.on('error', ({ message }) => this.#signs.sign({ error: { code: 'ERR_WORKER_INIT_FAILED', message } }));
    this.#child.on('exit', (exitCode, signal) =>
      this.#signs.exit({ exitCode: exitCode ?? undefined, signal: signal ?? undefined }),
    );
    this.#child.unref();
    this.#line.unref();
    this.#down.unref();
  }

  #take(reader: FrameReader, piece: Buffer): void {
    try {
      for (const batch of reader.take(piece)) this.#on.onMessage(batch);
    } catch (error) {
      this.kill('protocol_violation', (error as RangeError).message);
    }
  }

  /** Native code and `fs.writeSync` write here; the console's lines come as messages. */
  #capture(stream: Socket, source: LogSource, onLine: (line: string) => void): void {
    const lines = new LineSplitter(onLine);
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      if (source === 'stderr') this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS_LENGTH);
      lines.take(text);
      // One piece in a turn: one that writes without end would have all turns, as Node reads on while there is something.
      stream.pause();
      setImmediate(() => stream.resume());
    });
    stream.on('error', () => {});
    stream.on('close', () => {
      if (source !== 'stderr') return;
      this.#spoken = true;
      this.#signs.look();
    });
    stream.unref();
  }

  #finish(): void {
    const { killed, exitCode, signal, report } = this.#signs.death;
    // What it started goes with it.
    killGroup(this.#child);
    if (exitCode === undefined && signal === undefined && this.#child.pid !== undefined) {
      if (killed === undefined && report === undefined)
        this.#signs.learn({ killed: { reason: 'protocol_violation', message: 'it closed its line to the host' } });
      this.#signs.awaitExit((gone) => this.#on.onLinger(gone));
    }
    this.#line.destroy();
    this.#down.destroy();
    // Read to their end; but what left its group may hold them open for ever.
    setTimeout(() => {
      this.#stdout.destroy();
      this.#stderr.destroy();
    }, LINGER_MS).unref();
    if (signal === 'SIGABRT' && OUT_OF_MEMORY.test(this.#lastWords))
      this.#signs.learn({ error: { code: 'ERR_WORKER_OUT_OF_MEMORY' } });
    this.#on.onDeath(this.#signs.death);
  }
}
