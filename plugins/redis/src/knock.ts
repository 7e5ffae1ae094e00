import { isRefusal } from './redis-error.ts';
import type { Client } from './server.ts';
import type { Reply } from './values.ts';

/** It is nobody's. */
const PROBE_KEY = 'automate:health';

/** Asked to see whether the server lets us in: a read, as PING is answered by servers that serve nothing. */
const PROBES = [['EXISTS', PROBE_KEY], ['PING']] as const;

/** Connects and has the server answer once, before anything is sent that could have an effect. */
export async function greet(client: Client): Promise<void> {
  await client.connect();
  await knock(client);
}

/** Reads something. That this user may not, or that it is elsewhere in a cluster, is an answer too. */
export async function knock(client: Client): Promise<void> {
  for (const probe of PROBES) {
    try {
      await client.sendCommand([...probe]);
      return;
    } catch (error) {
      const message = String((error as Error).message);
      if (/^(NOPERM|MOVED|ASK)\b/.test(message)) return;
      // An unknown command is refused before it is asked who we are.
      if (!isRefusal(error)) throw error;
    }
  }
}

/** Sends a change that changes nothing, whatever is there: a server that takes none says why, its disk or its memory, say. */
export async function knockToWrite(client: Client): Promise<void> {
  try {
    await client.sendCommand(['SETRANGE', PROBE_KEY, '0', '']);
  } catch (error) {
    // It does not know the word, or not from us; or it would have done it, were it not for what somebody keeps there.
    if (!/^(ERR|NOPERM|WRONGTYPE|MOVED|ASK)\b/.test(String((error as Error).message))) throw error;
  }
}

/** How many nodes share the keys, as far as the server tells us. */
export async function nodesOf(client: Client): Promise<number> {
  try {
    const info = await client.sendCommand<Reply>(['CLUSTER', 'INFO']);
    return Number(/^cluster_size:(\d+)/m.exec(String(info))?.[1] ?? 1);
  } catch (error) {
    // It is in none, or does not know the word, or not from us.
    if (/^(ERR|NOPERM)\b/.test(String((error as Error).message))) return 1;
    throw error;
  }
}

/** What the server is to others: `master`, `slave` or `sentinel`; undefined where it does not tell us. */
export async function roleOf(client: Client): Promise<string | undefined> {
  try {
    const reply = await client.sendCommand<Reply>(['ROLE']);
    return Array.isArray(reply) ? String(reply[0]) : undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  try {
    const info = await client.sendCommand<Reply>(['INFO', 'replication']);
    return /^role:(\w+)/m.exec(String(info))?.[1];
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return undefined;
  }
}
