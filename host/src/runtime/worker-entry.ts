import type { MessagePort } from 'node:worker_threads';
import type { StartTask } from './bodies/body.ts';
import { captureOutput } from './worker/capture-output.ts';
import { installGuards } from './worker/guards.ts';
import { createPortLine } from './worker/line.ts';
import { serve } from './worker/serve.ts';

/** The one task that a thread is ever given. Never settles: it lasts as long as the thread. */
export async function start({ port, ...task }: StartTask & { readonly port: MessagePort }): Promise<never> {
  await serve(task, createPortLine(port), (uplink, log) => {
    installGuards(uplink, port);
    captureOutput(log);
  });
  return new Promise<never>(() => {});
}
