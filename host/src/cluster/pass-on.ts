// Long, as a call's way to the host that holds its connector, and what may become of it there, stand together.
import { setTimeout as delay } from 'node:timers/promises';
import type {
  CallOptions,
  ConnectorService,
  Effect,
  ExecuteRequest,
  ExecuteTextRequest,
  ExecuteTextResult,
  HealthFilter,
  JsonValue,
  WebhookRequest,
} from '@automate/contract';
import {
  CancelledError,
  ConnectorError,
  TimeoutError,
  UnavailableError,
  until,
  WorkerLostError,
} from '@automate/contract';
import { encodePayload } from '@automate/contract/json-text';
import type { LivingHost } from '../store/placement-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Cluster } from './cluster.ts';
import { explainUnchecked } from './explain-unchecked.ts';
import { explainUnreached } from './explain-unreached.ts';
import { overHosts } from './over-hosts.ts';
import type { Peers } from './peers.ts';
import { withoutAbsent } from './without-absent.ts';

/** For how long a call looks for who holds its connector, whatever its caller would wait, in milliseconds: a lease lapses meanwhile. */
const PATIENCE_MS = 8_000;
const STEP_MS = 100;
/** How often a call is made at most at hosts that are lost during it: it may be what ends them. */
const MOST_LOST = 3;
/** Reasons by which a host says that it does not serve now, or cannot be asked. */
const NOT_SENT = ['service_unreachable', 'shutting_down', 'not_ready'];

export interface PassOnOptions {
  readonly cluster: Cluster;
  readonly peers: Peers;
  /** Whether one host alone runs the connector, and this one could. */
  isPlaced(connector: string): boolean;
  /** Whether there is one of that name, as far as this host has heard. */
  isKnown(connector: string): boolean;
  /** Opens the span of a call that is passed on; undefined where there is none. */
  trace: Telemetry['passOn'];
}

/** What became of a call at another host. */
type Passed<T> =
  | { readonly is: 'answered'; readonly value: T }
  | { readonly is: 'not sent' | 'lost'; readonly error: ConnectorError };

/** How a call is made here, and at another host, which may end. */
interface Routed<T> {
  here(options: CallOptions): Promise<T>;
  there(host: LivingHost, options: CallOptions, life: AbortSignal | undefined): Promise<T>;
}

/** The service in which what concerns one connector goes to the host that holds it, over gRPC where that is another one. */
export function passOn(
  service: ConnectorService,
  { cluster, peers, isPlaced, isKnown, trace }: PassOnOptions,
): ConnectorService {
  /** @param lost what is done where the host was lost during the call; default: the call is made again, as it does no harm twice */
  const route = async <T>(
    id: string,
    given: CallOptions,
    call: Routed<T>,
    lost: (error: ConnectorError) => Promise<void> = async () => undefined,
    startedAt = performance.now(),
  ): Promise<T> => {
    const left = (): CallOptions =>
      given.timeoutMs === undefined || given.timeoutMs === Infinity
        ? given
        : { ...given, signal: given.signal, timeoutMs: Math.max(1, given.timeoutMs - (performance.now() - startedAt)) };
    const here = peers.hasPassedOn(given);
    if (here && !isKnown(id)) throw unheardOf(id);
    /** What comes before the call is made is waited for as long as the caller waits for all of it. */
    const patiently = <Found>(what: string, found: Promise<Found>): Promise<Found> =>
      waitFor(found, left(), { what, connector: id, effect });
    /** Since when it has been looked for who holds it. */
    let since = startedAt;
    let effect: Effect = 'none';
    let timesLost = 0;
    for (;;) {
      let error: ConnectorError;
      try {
        const holder =
          cluster.known(id, { here }) ??
          (await patiently(`it was settled which host runs the connector "${id}"`, cluster.find(id, { here })));
        if (holder.mine) return await call.here(left());
        if (here) throw heldElsewhere(id, holder.host);
        const passed = await ask(holder.host, left(), call.there);
        if (passed.is === 'answered') return passed.value;
        ({ error } = passed);
        cluster.forget(id);
        if (passed.is === 'lost') {
          effect = 'maybe';
          since = performance.now();
          timesLost += 1;
          if (timesLost === MOST_LOST) throw hostsLost(id, timesLost, error);
          await patiently('it was known whether the call may be made again', lost(error));
        }
      } catch (reason) {
        error = ConnectorError.from(reason);
        // The call as a whole may have had an effect, whatever the last try says of itself.
        if (!isMoved(error)) throw effect === 'none' ? error : ConnectorError.change(error, { effect });
        cluster.forget(id);
      }
      if (here) throw error;
      const now = performance.now();
      if (now - since + STEP_MS >= PATIENCE_MS || now - startedAt + STEP_MS >= (given.timeoutMs ?? Infinity))
        throw nobodyReached(id, cluster.trouble ?? error, effect);
      await delay(STEP_MS, undefined, given.signal === undefined ? {} : { signal: given.signal }).catch(() => {
        throw new CancelledError('the caller left', { connector: id, effect });
      });
      // It was removed meanwhile, or each host runs it by now.
      if (effect === 'none' && !isPlaced(id)) return call.here(left());
    }
  };

  const ask = async <T>(host: LivingHost, options: CallOptions, call: Routed<T>['there']): Promise<Passed<T>> => {
    const life = cluster.lifeOf(host);
    try {
      return { is: 'answered', value: await call(host, options, life) };
    } catch (reason) {
      const error = explainUnreached(host, reason);
      if (isMoved(error) || NOT_SENT.some((reason) => isOf(error, reason))) return { is: 'not sent', error };
      const hasDied = life?.aborted === true && options.signal?.aborted !== true && error.code === 'CANCELLED';
      if (hasDied || isOf(error, 'connection_lost')) return { is: 'lost', error };
      throw error;
    }
  };

  /** A call that both sides answer alike. */
  const either = <T>(call: (at: ConnectorService, options: CallOptions) => Promise<T>): Routed<T> => ({
    here: (options) => call(service, options),
    async there(host, options, life) {
      // It says why a host cannot be called, which the library of gRPC does not.
      await waitFor(peers.lineTo(host).ready(), options, {
        what: `the host at ${host.address} was reached`,
        effect: 'none',
      });
      const signals = [options.signal, life].filter((signal) => signal !== undefined);
      // By name, as a door's options have a signal that is made when it is asked for.
      const { timeoutMs, traceparent, tracestate, principal } = options;
      const own = { timeoutMs, traceparent, tracestate, principal, signal: AbortSignal.any(signals) };
      return call(peers.serviceOf(host), withoutAbsent(own));
    },
  });

  /** Whoever passes a call on knows the connector, of which this host may have yet to hear. */
  const isRouted = (id: string, options: CallOptions | undefined): boolean =>
    isPlaced(id) || (!isKnown(id) && options !== undefined && peers.hasPassedOn(options));

  const route1 =
    <T>(method: (at: ConnectorService) => (id: string, options?: CallOptions) => Promise<T>) =>
    (id: string, options: CallOptions = {}): Promise<T> =>
      isRouted(id, options)
        ? route(
            id,
            options,
            either((at, own) => method(at)(id, own)),
          )
        : method(service)(id, options);

  /** A call with a key waits for the store before it is among those of its connector, which may have moved meanwhile. */
  const isDirect = (
    { id, idempotencyKey }: Pick<ExecuteTextRequest, 'id' | 'idempotencyKey'> = { id: '' },
    options: CallOptions | undefined,
  ): boolean => !isRouted(id, options) || (idempotencyKey === undefined && cluster.serves(id));

  /** Throws unless the action may be done once more, as a key or its own declaration says. */
  const requireRepeatable = async (
    { id, action, idempotencyKey }: ExecuteTextRequest,
    options: CallOptions,
    cause: ConnectorError,
  ): Promise<void> => {
    // Its outcome is kept by its key, for all hosts.
    if (idempotencyKey !== undefined) return;
    // Where that cannot be learned it is not made again.
    const declared = await describe(id, options).then(
      ({ actions }) => actions.find(({ name }) => name === action),
      () => undefined,
    );
    if (declared?.idempotent === true || declared?.sideEffects === false) return;
    throw hostsLost(id, 1, cause);
  };

  const pass = (host: LivingHost, request: ExecuteTextRequest, options: CallOptions): Promise<ExecuteTextResult> => {
    const line = peers.lineTo(host);
    const { traceparent, tracestate, timeoutMs, signal, principal, door, onProgress } = options;
    const span = trace({ connector: request.id, action: request.action, traceparent, tracestate });
    if (span === undefined) return line.executeText(request, options);
    const own = { timeoutMs, signal, principal, door, onProgress, traceparent: span.traceparent, tracestate };
    return line.executeText(request, withoutAbsent(own)).then(
      (answer) => {
        span.end({ code: 'OK', attempts: answer.attempts });
        return answer;
      },
      (reason: unknown) => {
        const { code, attempts = 0 } = ConnectorError.from(reason);
        span.end({ code, attempts });
        throw reason;
      },
    );
  };

  const executeText = (request: ExecuteTextRequest, options: CallOptions = {}): Promise<ExecuteTextResult> => {
    if (!isDirect(request, options)) return executeWhereHeld(request, options);
    if (!isPlaced(request?.id)) return service.executeText(request, options);
    const startedAt = performance.now();
    return service.executeText(request, options).catch((reason: unknown) => {
      // It was let go of, or its lease lapsed, before the call had begun.
      if (isMoved(ConnectorError.from(reason))) return executeWhereHeld(request, options, startedAt);
      throw reason;
    });
  };

  const executeWhereHeld = (
    request: ExecuteTextRequest,
    options: CallOptions,
    startedAt?: number,
  ): Promise<ExecuteTextResult> => {
    const { id } = request;
    let isLost = false;
    const explain = (reason: unknown): never => {
      const error = ConnectorError.from(reason);
      // The lease under which it was begun has yet to lapse: then it is known to be unknown.
      throw isLost && isOf(error, 'in_progress') ? stillUnderWay(error) : error;
    };
    return route(
      id,
      options,
      {
        here: (own) => service.executeText(request, own).catch(explain),
        there: (host, own) => pass(host, request, own).catch(explain),
      },
      async (error) => {
        await requireRepeatable(request, options, error);
        isLost = true;
      },
      startedAt,
    );
  };
  const describe = route1((at) => (id, options) => at.describe(id, options));
  const healthCheck = route1((at) => (id, options) => at.healthCheck(id, options));

  const own: Partial<ConnectorService> = {
    executeText,
    async execute(request: ExecuteRequest, options?: CallOptions) {
      if (isDirect(request, options)) return service.execute(request, options);
      const { result, ...rest } = await executeText({ ...request, payload: encodePayload(request.payload) }, options);
      return { ...rest, result: JSON.parse(result) as JsonValue };
    },
    describe,
    healthCheck,
    async healthCheckAll(filter: HealthFilter = {}, options: CallOptions = {}) {
      if (filter?.cached === true || peers.isPassedOn(options?.principal))
        return service.healthCheckAll(filter, options);
      const all = await service.list(filter?.type === undefined ? {} : { type: filter.type }, options);
      const known = () => service.healthCheckAll({ ...filter, cached: true }, options);
      const reports = await Promise.all(
        all.map(({ id }) => healthCheck(id, options).catch((reason: unknown) => explainUnchecked(id, reason, known))),
      );
      return Object.fromEntries(reports.map((report) => [report.id, report]));
    },
    test: (target, options = {}) =>
      typeof target === 'string' && isRouted(target, options)
        ? route(
            target,
            options,
            either((at, left) => at.test(target, left)),
          )
        : service.test(target, options),
    restart: route1((at) => (id, options) => at.restart(id, options)),
    // Made again where its host was lost: what it had delivered is not delivered twice.
    receiveWebhook(id, request, options = {}) {
      const isTold = request?.told !== undefined && peers.hasPassedOn(options);
      if (isTold || !isRouted(id, options)) return service.receiveWebhook(id, request, options);
      // What a client says that it was told is not passed on: there it would be this host's word.
      const { told: _told, ...sent } = request ?? {};
      return route(
        id,
        options,
        either((at, left) => at.receiveWebhook(id, sent as WebhookRequest, left)),
      );
    },
    ...overHosts(service, { cluster, peers, isPlaced }),
  };
  return new Proxy(service, {
    get(target, name) {
      const routed: unknown = Reflect.get(own, name);
      if (routed !== undefined) return routed;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** What `what` comes to. Rejects with TIMEOUT or CANCELLED where the caller does not wait for that; the work itself goes on. */
function waitFor<T>(
  work: Promise<T>,
  { signal, timeoutMs = Infinity }: CallOptions,
  { what, ...said }: { readonly what: string; readonly connector?: string; readonly effect: Effect },
): Promise<T> {
  const error = (end: string): ConnectorError =>
    end === 'deadline'
      ? new TimeoutError(`the deadline passed before ${what}`, { ...said, blame: 'operator' })
      : new CancelledError('the caller left', said);
  return until({ deadline: Date.now() + timeoutMs, signal, error }, () => work);
}

function isOf({ details }: ConnectorError, reason: string): boolean {
  return details?.['reason'] === reason;
}

/** Whether a call was not made as another host is to answer for its connector. */
export function isMoved(error: ConnectorError): boolean {
  return isOf(error, 'moved');
}

function unheardOf(connector: string): UnavailableError {
  return new UnavailableError(`this host has not heard of a connector "${connector}" yet`, {
    connector,
    effect: 'none',
    details: { reason: 'moved' },
  });
}

function heldElsewhere(connector: string, { id }: LivingHost): UnavailableError {
  return new UnavailableError(`the connector "${connector}" is held by the host ${id}`, {
    connector,
    effect: 'none',
    details: { reason: 'moved' },
  });
}

/** @param attempts how often the call was made */
function hostsLost(connector: string, attempts: number, cause: ConnectorError): WorkerLostError {
  const times = attempts === 1 ? '' : `, ${attempts} times one after the other`;
  return new WorkerLostError(
    `the host that held the connector "${connector}" ended, or was cut off, during the call${times}: whether it took effect is not known`,
    { connector, attempts, blame: 'operator', details: { reason: 'host_lost' }, cause },
  );
}

function stillUnderWay(error: ConnectorError): ConnectorError {
  return new UnavailableError(error.message, {
    ...(error.connector === undefined ? {} : { connector: error.connector }),
    effect: 'maybe',
    details: { reason: 'moved' },
    cause: error,
  });
}

/** @param cause where this host itself has lost its lease, that, as it may not know by now who holds what */
function nobodyReached(connector: string, cause: ConnectorError, effect: Effect): UnavailableError {
  return new UnavailableError(`the host that holds the connector "${connector}" cannot be reached: ${cause.message}`, {
    connector,
    effect,
    details: isOf(cause, 'store_lost') ? { ...cause.details } : { reason: 'moved' },
    cause,
  });
}
