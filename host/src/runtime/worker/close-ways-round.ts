import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { StartTask } from '../bodies/body.ts';
import { closeSockets } from './close-sockets.ts';

/** Of a process: what changes others, or what it may do itself, and is no matter of Node.js' permission model. */
const OF_PROCESS = ['_debugEnd', '_debugProcess', 'initgroups', 'setegid', 'seteuid', 'setgid', 'setgroups', 'setuid'];

/**
 * Closes what Node.js' permission model leaves open, before the connector's code is loaded. What was granted programs of its own
 * may end them.
 */
export function closeWaysRound({ offline = false }: Pick<StartTask, 'offline'>): void {
  closeSockets({ offline });
  const require = createRequire(import.meta.url);
  for (const name of OF_PROCESS) close(process, name, `process.${name}`);
  const umask = process.umask.bind(process);
  close(process, 'umask', 'setting process.umask', (...mask) => (mask.length === 0 ? [umask()] : undefined));
  // What it may start it may end. To itself it may send signals in any case; which of them end it is seen to elsewhere.
  for (const name of process.permission.has('child') ? [] : ['kill', '_kill']) {
    const kill = (Reflect.get(process, name) as (...args: readonly unknown[]) => unknown).bind(process);
    close(process, name, 'process.kill of another process', (pid, signal) =>
      [process.pid, -process.pid, 0].includes(Number(pid)) ? [kill(Number(pid), signal)] : undefined,
    );
  }
  close(require('node:os') as object, 'setPriority', 'os.setPriority');
  close(require('node:v8') as object, 'setFlagsFromString', 'v8.setFlagsFromString');
  syncBuiltinESMExports();
}

/** @param allow the answer of what is let through all the same, in a list of one */
function close(
  target: object,
  name: string,
  what: string,
  allow: (...args: readonly unknown[]) => readonly [unknown] | undefined = () => undefined,
): void {
  if (Reflect.get(target, name) === undefined) return;
  const closed = (...args: readonly unknown[]): unknown => {
    const allowed = allow(...args);
    if (allowed !== undefined) return allowed[0];
    throw Object.assign(new Error(`${what} is closed to connectors at the isolation level "restricted"`), {
      code: 'ERR_ACCESS_DENIED',
    });
  };
  Object.defineProperty(target, name, { configurable: true, enumerable: true, get: () => closed, set: () => {} });
}
