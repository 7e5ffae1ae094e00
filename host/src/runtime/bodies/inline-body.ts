import { MessageChannel } from 'node:worker_threads';
import type { Body, BodyEvents, Bounds, StartTask } from './body.ts';
import type { Death } from '../death.ts';
import { NO_DEATH } from '../death.ts';

/**
 * The worker's own core in the host's thread, over a port as if it were another: for a class that was handed over in
 * process, which cannot enter a thread. Calls, outcomes and deadlines are those of a thread; but what blocks or crashes
 * blocks or crashes the host, and what does not end when it is killed goes on there with nobody listening.
 */
export function createInlineBody(task: StartTask, _bounds: Bounds, on: BodyEvents): Body {
  const { port1: port, port2: line } = new MessageChannel();
  let holds = 0;
  let killed: Death['killed'];
  let dead = false;
  let abandon = (): void => {};
  port.on('message', (raw: unknown) => on.onMessage(raw));
  port.on('close', () => {
    dead = true;
    abandon();
    on.onDeath({ ...NO_DEATH, killed });
  });
  port.unref();
  // Loaded only where a class is registered, as it brings the SDK into this thread.
  const serve = async (): Promise<void> => {
    const [core, { createPortLine }] = await Promise.all([import('../worker/serve.ts'), import('../worker/line.ts')]);
    abandon = await core.serve(task, createPortLine(line));
    line.unref();
    if (dead) abandon();
  };
  serve().catch(({ message }: Error) => {
    killed ??= { reason: 'start_failed', message };
    line.close();
  });
  return {
    ownLoop: false,
    ownBytes: 0,
    get alive() {
      return !dead && killed === undefined;
    },
    post: (batch) => port.postMessage(batch),
    hold() {
      holds += 1;
      if (holds === 1) port.ref();
    },
    release() {
      holds -= 1;
      if (holds === 0) port.unref();
    },
    kill(reason, message) {
      if (dead || killed !== undefined) return;
      killed = { reason, message };
      // Closed from the worker's side, so that everything it has sent arrives before the end does.
      port.ref();
      line.close();
    },
    noteReport() {
      // Only a thread reports its own end; what ends this one ends the host.
    },
    memory: () => Promise.resolve(0),
    // All of it is the host's.
    cpuTime: () => Promise.resolve(undefined),
    // The loop is the host's own, and nothing of it this body's.
    loopTimes: () => ({ active: 0, idle: performance.now() }),
  };
}
