// How the processes of transports-rest talk: a server says where it listens, then answers every message with its CPU time.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** In a server: says that it is ready. It ends with its parent. */
export function answerCpu(ready) {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send((user + system) / 1000);
  });
  process.on('disconnect', () => process.exit());
  process.send(ready);
}

/** In the benchmark: starts a program of this folder. `ask` sends a message and waits for the answer. */
export function start(file, ...args) {
  const child = fork(join(import.meta.dirname, file), args);
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ended with ${code}`);
  });
  failed.catch(() => undefined);
  const next = async () => (await Promise.race([once(child, 'message'), failed]))[0];
  return {
    next,
    ask: async (message) => {
      child.send(message);
      return next();
    },
    stop: () => child.disconnect(),
  };
}
