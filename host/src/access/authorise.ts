import type {
  CallOptions,
  ConnectorEvent,
  ConnectorService,
  Execution,
  ExecutionFilter,
  ExecutionPage,
  HealthFilter,
  HealthReport,
  ListFilter,
  Principal,
} from '@automate/contract';
import { ConnectorError, hasScope, isJsonObject } from '@automate/contract';
import { noCredentials } from './sign-in-errors.ts';
import type { Operation } from './operations.ts';
import { OPERATIONS } from './operations.ts';
import { mayCall, mayCallAny, mayCallSome, maySee, maySeeAny, permissionDenied, seesAll } from './permissions.ts';

/** What holds for callers beside their scopes. */
export interface CallerRules {
  /**
   * Counts a call; gives what must be called when it is over, if anything. Throws RATE_LIMITED for one too many, UNAUTHENTICATED for
   * a principal that counts no longer.
   */
  admit(principal: Principal, options: CallOptions): (() => void) | undefined;
  /** Calls `onEnd` once, with the reason, when the principal counts no longer. Gives what ends that. */
  follow(principal: Principal, onEnd: (reason: ConnectorError) => void): () => void;
}

export interface AuthoriserOptions {
  /** Who calls where a call does not say it. Absent: nobody, whose calls are refused; so that no door can forget to say it. */
  readonly unnamed?: Principal;
  /** Default: none. */
  readonly rules?: CallerRules;
}

type Arguments = readonly unknown[];
type Method = (...args: Arguments) => Promise<unknown>;

/**
 * The service as a caller may use it: whoever lacks the scope that an operation needs is told which, and whoever may call some
 * connectors alone is shown those alone. It knows no operation by name but those whose answers it must narrow.
 */
export function authorise(service: ConnectorService, { unnamed, rules }: AuthoriserOptions): ConnectorService {
  const callerOf = (options: unknown): Principal => {
    const principal = (options as CallOptions | undefined)?.principal ?? unnamed;
    if (principal !== undefined) return principal;
    throw noCredentials();
  };
  const guard =
    (name: Operation, ask: Method): Method =>
    // Not async: every further promise costs a tenth of the whole call.
    (...args) => {
      try {
        const { needs, options: place } = OPERATIONS[name];
        const principal = callerOf(args[place]);
        requireScope(principal, needs, args);
        const release = rules?.admit(principal, args[place] ?? {});
        const answer = ask(...args);
        return release === undefined ? answer : releaseAfter(answer, release);
      } catch (reason) {
        return Promise.reject(ConnectorError.from(reason));
      }
    };
  /** What only some of is for the eyes of a caller who does not see all. */
  const narrow = {
    async list(filter?: ListFilter, options?: CallOptions) {
      const principal = callerOf(options);
      const all = await service.list(filter, options);
      return seesAll(principal) ? all : all.filter(({ id }) => maySee(principal, id));
    },
    async healthCheckAll(
      filter?: HealthFilter,
      options?: CallOptions,
    ): Promise<Readonly<Record<string, HealthReport>>> {
      const principal = callerOf(options);
      if (seesAll(principal)) return service.healthCheckAll(filter, options);
      if (filter?.cached === true) {
        const all = Object.entries(await service.healthCheckAll(filter, options));
        return Object.fromEntries(all.filter(([id]) => maySee(principal, id)));
      }
      // Those that the caller does not see are not probed for its sake.
      const seen = (await service.list(filter?.type === undefined ? {} : { type: filter.type }, options)).filter(
        ({ id }) => maySee(principal, id),
      );
      const reports = await Promise.all(seen.map(({ id }) => service.healthCheck(id, options)));
      return Object.fromEntries(reports.map((report) => [report.id, report]));
    },
    async listExecutions(filter?: ExecutionFilter, options?: CallOptions): Promise<ExecutionPage> {
      const principal = callerOf(options);
      const page = await service.listExecutions(filter, options);
      return { ...page, executions: page.executions.filter(({ connector }) => mayCallSome(principal, connector)) };
    },
    async getExecution(id: string, options?: CallOptions) {
      const execution = await service.getExecution(id, options);
      requireSeen(callerOf(options), execution);
      return execution;
    },
    async cancelExecution(id: string, options?: CallOptions) {
      await seeFirst(id, options, requireSeen);
      return service.cancelExecution(id, options);
    },
    async rerunExecution(id: string, options?: CallOptions) {
      await seeFirst(id, options, (principal, { connector, action }) => requireCallable(principal, connector, action));
      return service.rerunExecution(id, options);
    },
  };
  /** Looks at an execution before something is done with it, for callers who may not call all connectors. */
  const seeFirst = async (
    id: string,
    options: CallOptions | undefined,
    requireAllowed: (principal: Principal, execution: Execution) => void,
  ): Promise<void> => {
    const principal = callerOf(options);
    if (!hasScope(principal, 'execute')) requireAllowed(principal, await service.getExecution(id, options));
  };
  /** A stream that ends with an error when its caller counts no longer. */
  async function* stream<Event>(
    name: 'watch' | 'followLogs' | 'watchExecution',
    options: CallOptions,
    open: (options: CallOptions) => AsyncIterable<Event>,
  ): AsyncGenerator<Event, void> {
    const principal = callerOf(options);
    requireScope(principal, OPERATIONS[name].needs, []);
    const release = rules?.admit(principal, options ?? {});
    const ended = new AbortController();
    const letGo = rules?.follow(principal, (reason) => ended.abort(reason));
    try {
      yield* open(withSignal(options, ended.signal));
      if (ended.signal.aborted && options?.signal?.aborted !== true) throw ended.signal.reason;
    } finally {
      letGo?.();
      release?.();
    }
  }
  async function* watch(options: CallOptions = {}): AsyncGenerator<ConnectorEvent, void> {
    for await (const event of stream('watch', options, (own) => service.watch(own))) {
      const principal = callerOf(options);
      if (seesAll(principal) || event.kind === 'synced' || maySee(principal, idOf(event))) yield event;
    }
  }
  const followLogs: ConnectorService['followLogs'] = (filter, options = {}) =>
    stream('followLogs', options, (own) => service.followLogs(filter, own));
  async function* watchExecution(id: string, options: CallOptions = {}): AsyncGenerator<Execution, void> {
    for await (const execution of stream('watchExecution', options, (own) => service.watchExecution(id, own))) {
      requireSeen(callerOf(options), execution);
      yield execution;
    }
  }
  const plain = service as unknown as Readonly<Record<string, Method>>;
  const guarded = Object.fromEntries(
    (Object.keys(OPERATIONS) as Operation[]).map((name) => {
      const ask =
        (narrow as unknown as Readonly<Record<string, Method | undefined>>)[name] ?? plain[name]?.bind(service);
      if (ask === undefined) throw new Error(`the service has no operation ${name}`);
      return [name, guard(name, ask)];
    }),
  );
  return {
    ...(guarded as unknown as ConnectorService),
    watch,
    followLogs,
    watchExecution,
    close: () => service.close(),
    [Symbol.asyncDispose]: () => service.close(),
  };
}

/** Not `finally`, which makes three promises of each answer. */
function releaseAfter<T>(answer: Promise<T>, release: () => void): Promise<T> {
  return answer.then(
    (value) => {
      release();
      return value;
    },
    (reason: unknown) => {
      release();
      throw reason;
    },
  );
}

/** The same options, ended by this signal as well. What is no options is for the service to refuse. */
function withSignal(options: CallOptions, ended: AbortSignal): CallOptions {
  const own: unknown = options?.signal;
  if (!isJsonObject(options) || (own !== undefined && !(own instanceof AbortSignal))) return options;
  return { ...options, signal: own === undefined ? ended : AbortSignal.any([own, ended]) };
}

/** Throws PERMISSION_DENIED unless the principal has what an operation needs, on what its first argument names, and on whose key its second does. */
function requireScope(
  principal: Principal,
  needs: (typeof OPERATIONS)[Operation]['needs'],
  [first, second]: Arguments,
): void {
  switch (needs) {
    case 'call': {
      const { id, action } = readTarget(first);
      requireCallable(principal, id, action);
      return;
    }
    case 'calls':
      if (!mayCallSome(principal, readId(first))) throw permissionDenied(principal, `execute:${readId(first)}`);
      if (isOfAnother(principal, second) && !hasScope(principal, 'admin')) throw permissionDenied(principal, 'admin');
      return;
    case 'own':
      if (!mayCallAny(principal)) throw permissionDenied(principal, 'execute');
      if (isOfAnother(principal, first) && !hasScope(principal, 'admin')) throw permissionDenied(principal, 'admin');
      return;
    case 'sight':
      if (!maySee(principal, readId(first))) throw permissionDenied(principal, 'read');
      return;
    case 'listing':
      if (!maySeeAny(principal)) throw permissionDenied(principal, 'read');
      return;
    default:
      if (!hasScope(principal, needs)) throw permissionDenied(principal, needs);
  }
}

function requireCallable(principal: Principal, connector: string, action: string): void {
  if (!mayCall(principal, connector, action)) throw permissionDenied(principal, `execute:${connector}/${action}`);
}

/** The service shows nobody the executions of others; a caller may also have lost the scope for its own. */
function requireSeen(principal: Principal, { connector }: Execution): void {
  if (!mayCallSome(principal, connector)) throw permissionDenied(principal, `execute:${connector}`);
}

/** Whether a key, or a filter, names another caller. Where no filter is taken, the options stand in its place, which name nobody. */
function isOfAnother(principal: Principal, given: unknown): boolean {
  const { principal: name } = (given ?? {}) as { readonly principal?: unknown };
  return typeof name === 'string' && name !== principal.name;
}

/** What is no id is for the service to refuse, or, to those who may not call all, names nothing that they may. */
function readId(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function readTarget(request: unknown): { readonly id: string; readonly action: string } {
  const { id, action } = (request ?? {}) as { readonly id?: unknown; readonly action?: unknown };
  return { id: readId(id), action: readId(action) };
}

function idOf(event: Exclude<ConnectorEvent, { readonly kind: 'synced' }>): string {
  return 'connector' in event ? event.connector.id : event.id;
}
