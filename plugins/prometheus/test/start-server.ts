import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { closedPort } from '@automate/testing';

export interface RunningServer {
  readonly url: string;
  /** Ends the process and waits for it. */
  stop(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
}

/** A free port and a temporary folder for a server. */
export async function findPlace(): Promise<{ readonly folder: string; readonly port: number; readonly url: string }> {
  const port = await closedPort();
  return { folder: mkdtempSync(join(tmpdir(), 'metrics-')), port, url: `http://127.0.0.1:${port}` };
}

export interface ServerOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Where it works; removed in the end. */
  readonly folder: string;
  readonly url: string;
  /** The path that answers once it is there. */
  readonly ready: string;
}

/** A program that serves HTTP, once it does. */
export async function runServer({ program, args, folder, url, ready }: ServerOptions): Promise<RunningServer> {
  let stop = async (): Promise<void> => {};
  const start = async (): Promise<void> => {
    const child = spawn(program, args, { cwd: folder, stdio: 'ignore' });
    const ended = once(child, 'exit');
    stop = async () => {
      child.kill('SIGTERM');
      await ended;
    };
    await untilReady(`${url}${ready}`, program, () => child.exitCode);
  };
  await start();
  return {
    url,
    stop: () => stop(),
    restart: start,
    async close() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(url: string, program: string, exitCode: () => number | null): Promise<void> {
  for (;;) {
    if (exitCode() !== null) throw new Error(`${program} ended with code ${exitCode()}`);
    const status = await fetch(url).then(
      (response) => response.status,
      () => 0,
    );
    // 401: it is there and asks for a password.
    if (status === 200 || status === 401) return;
    await sleep(100);
  }
}

/** Asks again until the answer is as wanted: scrapes and rules take a second or two. */
export async function eventually<T>(ask: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask();
    if (wanted(value)) return value;
    await sleep(200);
  }
}
