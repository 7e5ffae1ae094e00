import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { connectionTo } from './postgres-database.ts';

/** Where hosts tell each other that something has changed. */
export const CHANNEL = 'automate_changes';
/** Tells all that listen at the commit of its transaction; commits that tell wait for one another. */
export const NOTIFY = `SELECT pg_notify('${CHANNEL}', $1)`;

/** Before a connection that broke is made anew: the first wait, and the longest, in milliseconds. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** How long it takes at most until what was sent is heard, where anything is heard at all, in milliseconds. */
const HEARD_MS = 10_000;
/** Before it is tried again to listen where nothing was heard, in milliseconds. */
const DEAF_MS = 10 * 60_000;
/** Between questions whether the connection still answers, in milliseconds. */
const PING_MS = 10_000;

export interface NoticesOptions {
  readonly url: string;
  /** Sends over another connection than that which listens. */
  send(notice: string): Promise<unknown>;
  /** What others, or this host, have sent. */
  hear(notice: string): void;
  /** Hears that from now on notices come; something may have been missed before. */
  onListening(): void;
}

/**
 * Listens over a connection of its own, which is made anew when it breaks. Behind a pooler that gives each transaction to another session
 * nothing is heard: it finds that out by a notice of its own, and gives the connection up. Whoever uses it asks now and then all the same.
 */
export function hearNotices(options: NoticesOptions): { close(): Promise<void> } {
  const closing = new AbortController();
  const { signal } = closing;
  const listening = (async () => {
    let wait = FIRST_WAIT_MS;
    while (!signal.aborted) {
      const found = await listen(options, signal, () => (wait = FIRST_WAIT_MS)).catch(() => 'broken' as const);
      await delay(found === 'deaf' ? DEAF_MS : wait, undefined, { ref: false, signal }).catch(() => undefined);
      wait = Math.min(2 * wait, LONGEST_WAIT_MS);
    }
  })();
  return {
    async close() {
      closing.abort();
      await listening;
    },
  };
}

/** Listens until the connection breaks, nothing is heard, or it is told to end. */
async function listen(
  { url, send, hear, onListening }: NoticesOptions,
  signal: AbortSignal,
  onSound: () => void,
): Promise<'broken' | 'deaf'> {
  const client = new pg.Client(connectionTo(url));
  const broken = Promise.withResolvers<'broken'>();
  client.on('error', () => broken.resolve('broken'));
  client.on('end', () => broken.resolve('broken'));
  const onAbort = (): void => broken.resolve('broken');
  signal.addEventListener('abort', onAbort);
  const proof = `proof ${randomUUID()}`;
  const proven = Promise.withResolvers<'proven'>();
  client.on('notification', ({ payload = '' }) => {
    if (payload === proof) proven.resolve('proven');
    else if (!payload.startsWith('proof ')) hear(payload);
  });
  let ping: NodeJS.Timeout | undefined;
  try {
    await client.connect();
    await client.query(`LISTEN ${CHANNEL}`);
    await send(proof);
    const deaf = delay(HEARD_MS, 'deaf' as const, { ref: false });
    const found = await Promise.race([broken.promise, proven.promise, deaf]);
    if (found !== 'proven') return found;
    onSound();
    onListening();
    ping = setInterval(() => void client.query('SELECT 1').catch(() => broken.resolve('broken')), PING_MS).unref();
    return await broken.promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearInterval(ping);
    await Promise.race([client.end().catch(() => undefined), delay(HEARD_MS, undefined, { ref: false })]);
  }
}
