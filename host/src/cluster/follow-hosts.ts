import type { CallOptions, ConnectorService, FollowFilter, LogEvent, LogLine } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import { Unread } from '../events/unread.ts';
import type { LivingHost } from '../store/placement-store.ts';
import type { Cluster } from './cluster.ts';
import { byTime } from './by-time.ts';

/** How long it is waited for what hosts have kept, and between two looks at which of them live, in milliseconds. */
const LOOK_MS = 1_000;
/** Lines that a slow reader may leave unread, and how many it then misses at once. */
const MAX_UNREAD = 2_000;
const MISSED_AT_ONCE = 500;
const DEFAULT_LIMIT = 100;

export interface FollowHostsOptions {
  readonly cluster: Pick<Cluster, 'id' | 'living' | 'lifeOf'>;
  /** This host's own. */
  readonly service: ConnectorService;
  serviceOf(host: LivingHost): ConnectorService;
}

type Follow = Omit<FollowFilter, 'host'>;

/** The lines of all hosts that live and of those that come: what they have kept in order of time, then each as it comes. */
export async function* followHosts(
  { cluster, service, serviceOf }: FollowHostsOptions,
  filter: Follow,
  options: CallOptions,
): AsyncGenerator<LogEvent, void> {
  const unread = new Unread<LogEvent>({ first: [], most: MAX_UNREAD, relieve: dropOldest });
  const ended = new AbortController();
  /** By id, the process that is followed. */
  const followed = new Map<string, string>();
  const last = new Map(typeof filter.after === 'object' ? Object.entries(filter.after) : []);
  /** Those whose kept lines are waited for, and the lines; undefined once they were told. */
  let early: { readonly waiting: Set<string>; readonly lines: LogLine[] } | undefined = {
    waiting: new Set(),
    lines: [],
  };
  /** Those of which it was said that they cannot be asked. */
  const silent = new Set<string>();

  const isAlone = (): boolean => cluster.living.length < 2 && followed.size < 2;
  const tellMissed = (host: string, why: string): void => {
    if (silent.has(host)) return;
    silent.add(host);
    unread.push({ kind: 'missed', host, why });
  };
  const tellEarly = (): void => {
    if (early === undefined) return;
    const { lines, waiting } = early;
    early = undefined;
    const sorted = lines.toSorted(byTime);
    for (const host of waiting) tellMissed(host, `it has not answered within ${LOOK_MS} ms`);
    for (const line of filter.after === undefined ? sorted.slice(-(filter.limit ?? DEFAULT_LIMIT)) : sorted)
      unread.push({ kind: 'line', line });
    unread.push({ kind: 'synced' });
  };
  const settle = (host: string): void => {
    if (early?.waiting.delete(host) === true && early.waiting.size === 0) tellEarly();
  };
  const take = (host: string, event: LogEvent): void => {
    silent.delete(host);
    switch (event.kind) {
      case 'line': {
        last.set(host, event.line.seq);
        const line = isAlone() ? event.line : { ...event.line, host };
        if (early === undefined) unread.push({ kind: 'line', line });
        else early.lines.push(line);
        return;
      }
      case 'missed':
        unread.push(isAlone() ? event : { ...event, host });
        return;
      case 'synced':
        settle(host);
        return;
      default:
        event satisfies never;
    }
  };
  /** Where a host is begun with: after what is known of it; one that comes later, with all that it has. */
  const begin = (host: LivingHost): Follow => {
    const { after, ...rest } = filter;
    const known = last.get(host.id) ?? (typeof after === 'number' && host.id === cluster.id ? after : undefined);
    if (known !== undefined) return { ...rest, after: known };
    return early === undefined ? { ...rest, after: 0 } : rest;
  };
  const follow = async (host: LivingHost): Promise<void> => {
    const { id, instance } = host;
    followed.set(id, instance);
    const life = id === cluster.id ? undefined : cluster.lifeOf(host);
    const signals = [ended.signal, life].filter((signal) => signal !== undefined);
    const at = id === cluster.id ? service : serviceOf(host);
    const own = { ...options, timeoutMs: Infinity, signal: AbortSignal.any(signals) };
    let why = 'it ended';
    try {
      for await (const event of at.followLogs(begin(host), own)) take(id, event);
    } catch (reason) {
      const error = ConnectorError.from(reason);
      // What is wrong with the question is wrong everywhere, and said once.
      if (id === cluster.id) unread.end(error);
      why = error.message;
    } finally {
      if (followed.get(id) === instance) followed.delete(id);
    }
    if (ended.signal.aborted) return;
    if (id === cluster.id) unread.end();
    else tellMissed(id, why);
    settle(id);
  };
  const look = (): void => {
    for (const host of cluster.living)
      if (followed.get(host.id) !== host.instance) {
        early?.waiting.add(host.id);
        void follow(host);
      }
  };

  look();
  const looks = setInterval(() => {
    tellEarly();
    look();
  }, LOOK_MS);
  try {
    yield* unread.read(options, 'the log');
  } finally {
    clearInterval(looks);
    ended.abort();
  }
}

/** The oldest that wait become one word of how many they were; what is said of hosts, and `synced`, stay. */
function dropOldest(unread: LogEvent[]): LogEvent[] {
  const gone = unread.slice(0, MISSED_AT_ONCE);
  const isCount = (event: LogEvent): event is Extract<LogEvent, { readonly kind: 'missed' }> =>
    event.kind === 'missed' && event.host === undefined;
  const count = gone.reduce(
    (sum, event) => sum + (event.kind === 'line' ? 1 : isCount(event) ? (event.count ?? 0) : 0),
    0,
  );
  const kept = gone.filter((event) => event.kind !== 'line' && !isCount(event));
  return [{ kind: 'missed', count }, ...kept, ...unread.slice(MISSED_AT_ONCE)];
}
