import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Death, KillReason } from '../death.ts';
import { NO_DEATH } from '../death.ts';
import { encodeFrame, FrameReader } from '../frames.ts';
import type { Batch, CrashReport, LogSource } from '../messages.ts';
import { LineSplitter } from '../worker/line-splitter.ts';
import { LogWriter } from '../worker/log-writer.ts';
import { Uplink } from '../worker/uplink.ts';
import type { Body, BodyEvents, Incarnate, StartTask } from './body.ts';
import { killGroup } from './launch-child.ts';
import { readBusyTime, readOwnMemory } from './process-usage.ts';
import type { SpareChild } from './spare-child.ts';

/** The signs of one death come in any order; so long after the first one the rest is not waited for any more. */
const SIGNS_MS = 100;
/** A process that has not ended so long after it was killed stands in the system's own code. */
const LINGER_MS = 1000;
/** What the engine prints last tells a full heap from other aborts. */
const LAST_WORDS_LENGTH = 4096;
const OUT_OF_MEMORY = /^FATAL ERROR: .*out of memory/im;

/** Bodies made of these children. */
export function createProcessBodies(children: SpareChild): Incarnate {
  return (task, { memoryMb }, on) => new ProcessBody(children.take(memoryMb), task, on);
}

/**
 * One child process, from start to death. Batches cross on a descriptor of their own as frames; the child's output streams
 * carry what goes past its console, native code's words included.
 */
class ProcessBody implements Body {
  readonly ownLoop = true;
  /** The engine's own data, young objects, and what it has not given back yet. */
  readonly ownBytes = 64 * 1024 * 1024;
  readonly #on: BodyEvents;
  readonly #child: ChildProcess;
  readonly #line: Socket;
  readonly #stdout: Socket;
  readonly #stderr: Socket;
  readonly #born = performance.now();
  #holds = 0;
  #closed = false;
  #death = NO_DEATH;
  #spoken = false;
  #lastWords = '';
  #timer: NodeJS.Timeout | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  #dead = false;
  readonly #gone = Promise.withResolvers<void>();

  constructor(child: ChildProcess, task: StartTask, on: BodyEvents) {
    this.#on = on;
    this.#child = child;
    [, this.#stdout, this.#stderr, this.#line] = child.stdio as unknown as [null, Socket, Socket, Socket];
    this.#listen();
    this.post([JSON.stringify(task)]);
  }

  get alive(): boolean {
    return !this.#dead && this.#death.killed === undefined && !this.#closed;
  }

  post(batch: Batch): void {
    this.#line.write(encodeFrame(batch));
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
    this.#learn({ report });
    // It has decided to end, and is not waited for long: threads of its own may be blocked, and the system ends it with them.
    if (report.exitCode !== undefined) this.#sign();
  }

  kill(reason: KillReason, message: string): void {
    if (this.#dead || this.#death.killed !== undefined) return;
    // A process that is already dying has a reason of its own.
    if (this.#timer === undefined) this.#learn({ killed: { reason, message } });
    this.#sign();
    killGroup(this.#child);
  }

  memory(): Promise<number> {
    return readOwnMemory(this.#child.pid ?? 0);
  }

  loopTimes(): { readonly active: number; readonly idle: number } {
    const active = readBusyTime(this.#child.pid ?? 0);
    return { active, idle: Math.max(0, performance.now() - this.#born - active) };
  }

  #listen(): void {
    const reader = new FrameReader();
    this.#line.on('data', (piece) => this.#take(reader, piece));
    // What is written to a child that ended meanwhile; its end is told by the line's.
    this.#line.on('error', () => {});
    this.#line.on('close', () => {
      this.#closed = true;
      this.#sign();
    });
    // Within the rate of one connector, as its console is.
    const log = new LogWriter(new Uplink({ post: (batch) => this.#on.onMessage(batch), flush() {} }));
    this.#capture(this.#stdout, 'stdout', (line) => log.write('info', 'stdout', line));
    this.#capture(this.#stderr, 'stderr', (line) => log.write('warn', 'stderr', line));
    this.#child.on('error', ({ message }) => {
      this.#learn({ error: { code: 'ERR_WORKER_INIT_FAILED', message } });
      this.#sign();
    });
    this.#child.on('exit', (exitCode, signal) => {
      this.#learn({ exitCode: exitCode ?? undefined, signal: signal ?? undefined });
      clearTimeout(this.#lingerTimer);
      this.#gone.resolve();
      this.#sign();
    });
    this.#child.unref();
    this.#line.unref();
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
      if (this.#timer !== undefined) this.#sign();
    });
    stream.unref();
  }

  #learn(facts: Partial<Death>): void {
    this.#death = { ...this.#death, ...facts };
  }

  #sign(): void {
    if (this.#dead) return;
    const { error, exitCode, signal } = this.#death;
    // An engine that aborts says why on its error stream.
    const explained = error !== undefined || exitCode !== undefined || (signal !== undefined && this.#spoken);
    if (this.#closed && explained) this.#finish();
    else this.#timer ??= setTimeout(() => this.#finish(), SIGNS_MS);
  }

  #finish(): void {
    clearTimeout(this.#timer);
    this.#dead = true;
    const { killed, exitCode, signal, report } = this.#death;
    // What it started goes with it.
    killGroup(this.#child);
    if (exitCode === undefined && signal === undefined && this.#child.pid !== undefined) {
      if (killed === undefined && report === undefined)
        this.#learn({ killed: { reason: 'protocol_violation', message: 'it closed its line to the host' } });
      this.#lingerTimer = setTimeout(() => this.#on.onLinger(this.#gone.promise), LINGER_MS).unref();
    }
    this.#line.destroy();
    // Read to their end; but what left its group may hold them open for ever.
    setTimeout(() => {
      this.#stdout.destroy();
      this.#stderr.destroy();
    }, LINGER_MS).unref();
    if (signal === 'SIGABRT' && OUT_OF_MEMORY.test(this.#lastWords))
      this.#learn({ error: { code: 'ERR_WORKER_OUT_OF_MEMORY' } });
    this.#on.onDeath(this.#death);
  }
}
