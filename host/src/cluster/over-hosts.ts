import type {
  BlameEntry,
  BlameReport,
  CallOptions,
  ConnectorService,
  ConnectorStats,
  FromHosts,
  HostCallOptions,
  HostFilter,
  HostStats,
  LogFilter,
  LogLine,
  MissingHost,
  RecentCall,
} from '@automate/contract';
import { CancelledError, ConnectorError, FAULTS, UnavailableError } from '@automate/contract';
import { requireHostId, requireOneHost, unknownHost } from '@automate/contract/service';
import type { LivingHost } from '../store/placement-store.ts';
import { byTime } from './by-time.ts';
import type { Cluster } from './cluster.ts';
import { explainUnreached } from './explain-unreached.ts';
import { followHosts } from './follow-hosts.ts';
import type { Peers } from './peers.ts';
import { withoutAbsent } from './without-absent.ts';

/** How long another host may take to tell what it knows, in milliseconds. */
const PATIENCE_MS = 1_000;

export interface OverHostsOptions {
  readonly cluster: Cluster;
  readonly peers: Peers;
  /** Whether one host alone runs the connector. */
  isPlaced(connector: string): boolean;
}

type Views = Pick<
  ConnectorService,
  'getStats' | 'blame' | 'readLogs' | 'followLogs' | 'listCalls' | 'verifyAudit' | 'drainHost' | 'undrainHost'
>;

/** What the hosts that were asked know. */
interface Told<Answer> {
  readonly own: Answer;
  /** Those that have answered, this one among them, in order of id; none where this one lives alone, or another one asks it. */
  readonly all: readonly { readonly host: string; readonly answer: Answer }[];
  readonly missing: readonly MissingHost[];
}

/** What each host knows for itself, told of all that live by whichever is asked, and of one by its id. */
export function overHosts(service: ConnectorService, { cluster, peers, isPlaced }: OverHostsOptions): Views {
  const isOwn = ({ id }: LivingHost): boolean => id === cluster.id;

  const askOne = async <Answer>(
    host: LivingHost,
    given: CallOptions,
    ask: (at: ConnectorService, options: CallOptions) => Promise<Answer>,
  ): Promise<Answer> => {
    const { traceparent, tracestate, principal, timeoutMs = Infinity } = given;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), Math.min(timeoutMs, PATIENCE_MS));
    const signals = [given.signal, cluster.lifeOf(host), late.signal].filter((signal) => signal !== undefined);
    try {
      const own = withoutAbsent({ signal: AbortSignal.any(signals), traceparent, tracestate, principal });
      return await ask(peers.serviceOf(host), own);
    } catch (reason) {
      if (given.signal?.aborted === true) throw new CancelledError('the caller left', { effect: 'none' });
      throw signals.some(({ aborted }) => aborted) ? tookTooLong(host) : explainUnreached(host, reason);
    } finally {
      clearTimeout(timer);
    }
  };

  /** The one host that is named; undefined where that is this one. Throws NOT_FOUND where it does not live. */
  const find = (filter: HostFilter): LivingHost | undefined => {
    const id = requireOneHost(filter.host);
    if (id === undefined || id === cluster.id) return undefined;
    const host = cluster.living.find((each) => each.id === id);
    if (host === undefined) throw unknownHost(id, cluster.living);
    return host;
  };

  const askAll = async <Answer>(
    filter: HostFilter,
    options: CallOptions,
    ask: (at: ConnectorService, options: CallOptions) => Promise<Answer>,
  ): Promise<Told<Answer>> => {
    const named = find(filter);
    if (named !== undefined) return { own: await askOne(named, options, ask), all: [], missing: [] };
    // First, as what is wrong with a question is wrong everywhere.
    const own = await ask(service, options);
    const living = requireOneHost(filter.host) === undefined && !peers.hasPassedOn(options) ? cluster.living : [];
    if (living.length < 2) return { own, all: [], missing: [] };
    const missing: MissingHost[] = [];
    const answers = await Promise.all(
      living.map(async (host) => {
        if (isOwn(host)) return [{ host: host.id, answer: own }];
        try {
          return [{ host: host.id, answer: await askOne(host, options, ask) }];
        } catch (reason) {
          if (options.signal?.aborted === true) throw reason;
          missing.push({ host: host.id, why: ConnectorError.from(reason).message });
          return [];
        }
      }),
    );
    return { own, all: answers.flat(), missing: missing.toSorted((a, b) => (a.host < b.host ? -1 : 1)) };
  };

  /** A change of one host, which is made there. */
  const atHost =
    (method: (at: ConnectorService) => ConnectorService['drainHost']): ConnectorService['drainHost'] =>
    async (id, options = {}) => {
      const named = find({ host: id });
      if (named === undefined) return method(service).call(service, id, options);
      return askOne(named, options, (at, left) => method(at).call(at, id, left));
    };

  /** @param merge puts the rows of all hosts in order, and leaves those that were asked for */
  const askRows = async <Row extends { readonly at: string }>(
    filter: HostFilter,
    options: CallOptions,
    ask: (at: ConnectorService, options: CallOptions) => Promise<FromHosts<Row>>,
    merge: (rows: readonly Row[]) => readonly Row[],
  ): Promise<FromHosts<Row>> => {
    const { own, all, missing } = await askAll(filter, options, ask);
    if (all.length === 0) return own;
    const rows = merge(all.flatMap(({ host, answer }) => answer.map((row) => ({ ...row, host }))));
    return Object.assign(rows, missing.length === 0 ? {} : { missing });
  };

  return {
    async verifyAudit(expected, options = {}) {
      const id = requireHostId(options.host);
      const named = cluster.living.find((host) => host.id === id && !isOwn(host));
      // The records of one that does not live are in the store.
      if (named === undefined) return service.verifyAudit(expected, options);
      // It takes as long as it has records, and its caller says how long it waits.
      const { signal, principal, timeoutMs } = options;
      return peers.serviceOf(named).verifyAudit(expected, withoutAbsent({ signal, principal, timeoutMs }));
    },
    drainHost: atHost((at) => at.drainHost),
    undrainHost: atHost((at) => at.undrainHost),
    async getStats(options: HostCallOptions = {}): Promise<HostStats> {
      const { own, all, missing } = await askAll(options, options, (at, left) => at.getStats(withoutHost(left)));
      if (all.length === 0) return own;
      return {
        ...own,
        connectors: mergeStats(own, all, (id) => (isPlaced(id) ? cluster.holderOf(id) : undefined)),
        hosts: all.map(({ host, answer }) => ({ host, ...answer.host })),
        ...(missing.length === 0 ? {} : { missing }),
      };
    },
    async blame(options: HostCallOptions = {}): Promise<BlameReport> {
      const { own, all, missing } = await askAll(options, options, (at, left) => at.blame(withoutHost(left)));
      if (all.length === 0) return own;
      // How a connector is, each host has heard from the one that holds it.
      const isOwnKnowledge = ({ fault, connector }: BlameEntry, host: string): boolean =>
        fault !== 'unhealthy' || !isPlaced(connector) || (cluster.holderOf(connector) ?? cluster.id) === host;
      const entries = all
        .flatMap(({ host, answer }) => answer.entries.map((entry) => ({ ...entry, host })))
        .filter((entry) => isOwnKnowledge(entry, entry.host))
        .toSorted((a, b) => FAULTS.indexOf(a.fault) - FAULTS.indexOf(b.fault) || b.amount - a.amount);
      return { ...own, entries, ...(missing.length === 0 ? {} : { missing }) };
    },
    async readLogs(filter: LogFilter = {}, options: CallOptions = {}): Promise<FromHosts<LogLine>> {
      const { host: _host, ...rest } = filter;
      return askRows<LogLine>(
        filter,
        options,
        (at, left) => at.readLogs(rest, left),
        (lines) => lines.toSorted(byTime).slice(-(filter.limit ?? 100)),
      );
    },
    async *followLogs(filter = {}, options = {}) {
      const { host: given, after, ...rest } = filter;
      const host = requireOneHost(given);
      const named = find(filter);
      const seq = typeof after === 'object' ? after[host ?? cluster.id] : after;
      const ofOne = { ...rest, ...(seq === undefined ? {} : { after: seq }) };
      const { signal, principal, timeoutMs } = options;
      const own = withoutAbsent({ signal, principal, timeoutMs });
      if (named !== undefined) yield* peers.serviceOf(named).followLogs(ofOne, own);
      else if (host !== undefined || peers.hasPassedOn(options)) yield* service.followLogs(ofOne, options);
      else
        yield* followHosts(
          { cluster, service, serviceOf: (other) => peers.serviceOf(other) },
          { ...rest, ...(after === undefined ? {} : { after }) },
          own,
        );
    },
    async listCalls(id, filter = {}, options = {}): Promise<FromHosts<RecentCall>> {
      const { host: _host, ...rest } = filter;
      return askRows<RecentCall>(
        filter,
        options,
        (at, left) => at.listCalls(id, rest, left),
        (calls) => calls.toSorted((a, b) => byTime(b, a)).slice(0, filter.limit ?? 100),
      );
    },
  };
}

function withoutHost(options: HostCallOptions): CallOptions {
  if (options.host === undefined) return options;
  const { host: _host, ...rest } = options;
  return options.signal === undefined ? rest : { ...rest, signal: options.signal };
}

/**
 * A row for each host that has to do with a connector: the one that holds it, and those that run it or on which it was called lately. Of one
 * that none has to do with, the row of the host that is asked, as nobody's.
 */
function mergeStats(
  own: HostStats,
  all: Told<HostStats>['all'],
  holderOf: (connector: string) => string | undefined,
): readonly ConnectorStats[] {
  const rows = all.flatMap(({ host, answer }) => answer.connectors.map((stats) => ({ ...stats, host })));
  const isConcerned = ({ id, host, calls, inFlight, queued, worker }: ConnectorStats): boolean =>
    holderOf(id) === host || calls + inFlight + queued > 0 || worker !== undefined;
  const concerned = rows.filter(isConcerned);
  const known = new Set(concerned.map(({ id }) => id));
  const rest = own.connectors.filter(({ id }) => !known.has(id));
  return [...concerned, ...rest].toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

function tookTooLong({ id }: LivingHost): UnavailableError {
  return new UnavailableError(`the host ${id} has not answered within ${PATIENCE_MS} ms`, {
    effect: 'none',
    details: { reason: 'host_silent' },
  });
}
