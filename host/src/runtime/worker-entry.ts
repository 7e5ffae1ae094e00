import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import type { StartTask } from './bodies/body.ts';
import { captureOutput } from './worker/capture-output.ts';
import { guardThreads } from './worker/guard-threads.ts';
import { installGuards } from './worker/guards.ts';
import { createPortLine } from './worker/line.ts';
import { guardNetwork } from './worker/network/guard-network.ts';
import { serve } from './worker/serve.ts';

const NESTED_ENTRY = fileURLToPath(new URL('./nested-entry.js', import.meta.url));

/** The one task that a thread is ever given. Never settles: it lasts as long as the thread. */
export async function start({ port, ...task }: StartTask & { readonly port: MessagePort }): Promise<never> {
  await serve(task, createPortLine(port), (uplink, log, trail) => {
    installGuards(uplink, port);
    captureOutput(log);
    guardThreads(NESTED_ENTRY);
    return guardNetwork(task, {
      warn: (message) => log.write('warn', 'logger', message),
      current: () => trail.current(),
    });
  });
  return new Promise<never>(() => {});
}
