import { inspect } from 'node:util';
import { EXIT } from './cli-context.ts';
import { endNow } from './end-process.ts';

export interface FaultyHost {
  readonly host: { readonly logFormat: 'pretty' | 'json'; close(): Promise<void> };
  /** Takes known secrets out of a text. */
  scrub(text: string): string;
}

/** How long calls under way may take to end after an error that nobody caught, in milliseconds. */
const DRAIN_MS = 5_000;

/**
 * What a serving host does about an error that nobody caught. Nobody knows what it left half done, so that the host does not go on:
 * it tells of it, takes no more calls, lets those under way end, and then ends as failed, for its supervisor to start it anew.
 * Further faults meanwhile are told.
 */
export function endAfterFault(self: NodeJS.Process, { host, scrub }: FaultyHost): (error: unknown) => void {
  let ending = false;
  return (error) => {
    const msg = `a fault of the host that nobody caught: it ends once the calls under way have, at most ${DRAIN_MS / 1000} s from now`;
    self.stderr.write(`fatal: ${msg}: ${scrub(inspect(error))}\n`);
    if (host.logFormat === 'json') self.stdout.write(`${JSON.stringify(faultRecord(error, msg, scrub))}\n`);
    if (ending) return;
    ending = true;
    setTimeout(() => endNow(self, EXIT.failed), DRAIN_MS);
    void endClosed(self, host);
  };
}

async function endClosed(self: NodeJS.Process, host: FaultyHost['host']): Promise<never> {
  try {
    await host.close();
  } finally {
    endNow(self, EXIT.failed);
  }
}

/** In the shape of the log's other records. */
function faultRecord(error: unknown, msg: string, scrub: FaultyHost['scrub']): Readonly<Record<string, unknown>> {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(inspect(error));
  const err = { type: name, message: scrub(message), stack: scrub(stack) };
  return { level: 'fatal', time: new Date().toISOString(), event: 'fault', err, msg };
}
