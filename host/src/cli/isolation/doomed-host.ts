import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectorService } from '@automate/contract';
import { whenEnded } from '../when-ended.ts';

/** How often the healthy connector is called, and how long the host may leave one of these calls without an answer, in milliseconds. */
const POLL_MS = 25;
const STILL_MS = 8000;

/** Opens the service at an address; the command line hands its client over. */
export type Connect = (options: { readonly address: string }) => Promise<ConnectorService>;

export interface DoomedHostOptions {
  readonly connect: Connect;
  readonly execPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The directory with `host-program.mjs`. */
  readonly root: string;
  readonly hostEntry: string;
  readonly level: string;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** A host in a process of its own that may be lost, with a healthy connector beside that is called all the time. */
export class DoomedHost implements AsyncDisposable {
  readonly service: ConnectorService;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #lines: string[];
  readonly #gone: Promise<void>;
  #end: string | undefined;
  #failures = 0;
  #closing = false;

  private constructor(child: ChildProcess, service: ConnectorService, lines: string[]) {
    this.service = service;
    this.pid = child.pid ?? 0;
    this.#child = child;
    this.#lines = lines;
    this.#gone = whenEnded(child).then(() => {
      this.#end = child.signalCode ?? `exit code ${child.exitCode}`;
    });
    void this.#poll();
  }

  static async start({
    connect,
    execPath,
    env,
    root,
    hostEntry,
    level,
    signal,
  }: DoomedHostOptions): Promise<DoomedHost> {
    const child = spawn(execPath, [join(root, 'host-program.mjs'), hostEntry, level], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
      signal,
      killSignal: 'SIGKILL',
    });
    // Told by its exit.
    child.on('error', () => {});
    const lines: string[] = [];
    const { promise: address, resolve, reject } = Promise.withResolvers<string>();
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{"ready":')) resolve((JSON.parse(line) as { readonly ready: string }).ready);
      else lines.push(line);
      // A flood is not kept whole.
      if (lines.length > 20_000) lines.splice(0, 10_000);
    });
    child.once('exit', (code, signal) =>
      reject(
        new Error(`the host that was to misbehave in did not start: ${signal ?? code}\n${lines.slice(-5).join('\n')}`),
      ),
    );
    const service = await connect({ address: await address });
    const host = new DoomedHost(child, service, lines);
    await service.execute({ id: 'beside', action: 'echo', payload: {} });
    return host;
  }

  /** Calls of the healthy connector that failed so far. */
  get failures(): number {
    return this.#failures;
  }

  /** Lines that the host wrote so far, up to a bound. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** How it ended: a signal, or an exit code; undefined while it lives. */
  get end(): string | undefined {
    return this.#end;
  }

  /** Waits until it has ended, at most so many milliseconds. */
  async hasEnded(withinMs: number): Promise<boolean> {
    await Promise.race([this.#gone, delay(withinMs, undefined, { ref: false })]);
    return this.#end !== undefined;
  }

  /** Whether it answers; one that does not is as good as lost. */
  async answers(): Promise<boolean> {
    const signal = AbortSignal.timeout(STILL_MS);
    try {
      await this.service.execute({ id: 'beside', action: 'echo', payload: {} }, { signal });
      return true;
    } catch {
      return false;
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    this.kill();
    await this.#gone;
    await this.service.close();
  }

  async #poll(): Promise<void> {
    while (!this.#closing && this.#end === undefined) {
      const signal = AbortSignal.timeout(STILL_MS);
      try {
        await this.service.execute({ id: 'beside', action: 'echo', payload: {} }, { signal });
      } catch {
        this.#failures += 1;
      }
      await delay(POLL_MS, undefined, { ref: false });
    }
  }
}
