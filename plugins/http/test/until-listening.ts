import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Generous: the machine may have a lot else to do. */
const LONGEST_MS = 60_000;

/** Waits until a program takes connections. Throws where it ends before, or does not within a minute. */
export async function untilListening(port: number, program: ChildProcess): Promise<void> {
  const until = Date.now() + LONGEST_MS;
  while (!(await listens(port))) {
    if (program.exitCode !== null || program.signalCode !== null) throw new Error('it ended');
    if (Date.now() > until) throw new Error(`port ${port} takes no connection`);
    await sleep(20);
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
