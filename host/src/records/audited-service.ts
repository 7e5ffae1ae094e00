// Long, as it has a rule for every operation of the service.
import type {
  AuditCode,
  CallOptions,
  ConnectorService,
  ExecuteRequest,
  ExecuteTextRequest,
  ExecuteTextResult,
  OutcomeKey,
  Principal,
  StartExecutionRequest,
} from '@automate/contract';
import { clipText, ConnectorError, LOCAL_PRINCIPAL } from '@automate/contract';
import { payloadText } from '@automate/contract/json-text';
import type { AuditLog } from './audit-log.ts';
import type { AuditNews } from './audit-news.ts';
import type { Refusals } from './refusals.ts';

type About = Pick<AuditNews, 'connector' | 'subject' | 'action' | 'key' | 'payload'>;

/** A change: what it is about, and which of its arguments are the options. */
interface Recorded<Args extends readonly unknown[]> {
  readonly options: number;
  readonly kind?: AuditNews['kind'];
  about(...args: Args): About;
}

type Operation = Exclude<keyof ConnectorService, 'execute' | 'executeText' | 'close' | typeof Symbol.asyncDispose>;
type Rules = { readonly [Name in Operation]: 'unrecorded' | Recorded<Parameters<ConnectorService[Name]>> };

/** What becomes of each operation; those that are not here are calls. Whoever only reads is not recorded, unless that is refused. */
const RULES: Rules = {
  list: 'unrecorded',
  get: 'unrecorded',
  describe: 'unrecorded',
  register: { options: 1, about: (config) => ({ connector: textOf(config?.id) }) },
  update: { options: 1, about: (config) => ({ connector: textOf(config?.id) }) },
  remove: { options: 1, about: (id) => ({ connector: textOf(id) }) },
  healthCheck: 'unrecorded',
  healthCheckAll: 'unrecorded',
  test: 'unrecorded',
  watch: 'unrecorded',
  plugins: 'unrecorded',
  rescanPlugins: { options: 0, kind: 'plugin', about: () => ({}) },
  describeKind: 'unrecorded',
  getOutcome: 'unrecorded',
  clearOutcome: { options: 2, about: (id, key) => ({ connector: textOf(id), subject: keyOf(key) }) },
  startExecution: {
    options: 1,
    about: (request) => ({
      connector: textOf(request?.id),
      action: textOf(request?.action),
      key: textOf(request?.idempotencyKey),
      payload: textOfPayload(request),
    }),
  },
  getExecution: 'unrecorded',
  listExecutions: 'unrecorded',
  cancelExecution: { options: 1, about: (id) => ({ subject: textOf(id) }) },
  watchExecution: 'unrecorded',
  rerunExecution: { options: 1, about: (id) => ({ subject: textOf(id) }) },
  setSchedule: {
    options: 1,
    about: (request) => ({
      connector: textOf(request?.id),
      action: textOf(request?.action),
      subject: textOf(request?.name),
      payload: textOfPayload(request),
    }),
  },
  listSchedules: 'unrecorded',
  pauseSchedule: { options: 1, about: (name) => ({ subject: textOf(name) }) },
  resumeSchedule: { options: 1, about: (name) => ({ subject: textOf(name) }) },
  removeSchedule: { options: 1, about: (name) => ({ subject: textOf(name) }) },
  listSecrets: 'unrecorded',
  setSecret: { options: 1, about: (secret) => ({ subject: secretName(secret) }) },
  removeSecret: { options: 1, about: (secret) => ({ subject: secretName(secret) }) },
  listProfiles: 'unrecorded',
  setProfile: { options: 1, about: (profile) => ({ subject: textOf(profile?.name) }) },
  removeProfile: { options: 1, about: (name) => ({ subject: textOf(name) }) },
  createToken: { options: 1, about: (token) => ({ subject: textOf(token?.name) }) },
  listTokens: 'unrecorded',
  revokeToken: { options: 1, about: (id) => ({ subject: textOf(id) }) },
  getStats: 'unrecorded',
  blame: 'unrecorded',
  listAudit: 'unrecorded',
  verifyAudit: 'unrecorded',
  pause: { options: 1, about: (id) => ({ connector: textOf(id) }) },
  resume: { options: 1, about: (id) => ({ connector: textOf(id) }) },
  restart: { options: 1, about: (id) => ({ connector: textOf(id) }) },
  enable: { options: 1, about: (id) => ({ connector: textOf(id) }) },
  disable: { options: 1, about: (id) => ({ connector: textOf(id) }) },
  getStatus: 'unrecorded',
  listHosts: 'unrecorded',
  drainHost: { options: 1, about: (id) => ({ subject: textOf(id) }) },
  undrainHost: { options: 1, about: (id) => ({ subject: textOf(id) }) },
  listHealthHistory: 'unrecorded',
  readLogs: 'unrecorded',
  followLogs: 'unrecorded',
  setLogLevel: { options: 2, about: (id) => ({ connector: textOf(id) }) },
  listCalls: 'unrecorded',
  planConfig: 'unrecorded',
  applyConfig: { options: 1, about: (config) => ({ subject: textOf(config?.name) }) },
  exportConfig: 'unrecorded',
  // Recorded where it is known what became of it: who has shown nothing may come as often as they like.
  receiveWebhook: 'unrecorded',
};

/** Longest text of a record that a caller chose. */
const MAX_TEXT = 256;

/**
 * The service as `guard` lets callers use it, with a record of each call and each change, whoever refuses it. A change is recorded
 * before it is made, so that none is ever made without a record, and again when it has ended, before its caller hears of it.
 *
 * @param refusals takes down who was refused
 * @param guard refuses those who may not; a change that it refuses is recorded once, and waits for no disk
 */
export function auditService(
  service: ConnectorService,
  {
    audit,
    refusals,
    isPassedOn,
  }: {
    readonly audit: AuditLog;
    readonly refusals: Refusals;
    /** Whether another host has let this caller in, which has the record of its call. */
    isPassedOn(principal: Principal | undefined): boolean;
  },
  guard: (service: ConnectorService) => ConnectorService,
): ConnectorService {
  const isRecorded = (options: CallOptions | undefined): boolean => audit.recording && !isPassedOn(options?.principal);
  /** Errors of changes that were begun, whose end has its record. */
  const told = new WeakSet<ConnectorError>();
  const made = withChanges(service, (name, rule, run) => async (...args) => {
    if (!isRecorded(args[rule.options] as CallOptions | undefined)) return run(...args);
    return recordChange(audit, newsOfChange(name, rule, args), async () => run(...args)).catch((reason: unknown) => {
      if (ConnectorError.is(reason)) told.add(reason);
      throw reason;
    });
  });
  const guarded = guard(made);
  const noteRefused = (reason: unknown, newsOf: () => Omit<AuditNews, 'at' | 'code'>): boolean => {
    const error = ConnectorError.from(reason);
    const { code, details } = error;
    const isRefused = REFUSALS.includes(code) || details?.['reason'] === 'caller_limit';
    if (audit.recording && isRefused && !told.has(error)) refusals.note({ ...newsOf(), at: Date.now(), code });
    return isRefused;
  };
  const recordCall = <T extends Pick<ExecuteTextResult, 'attempts' | 'durationMs'>>(
    answer: Promise<T>,
    { request, options, startedAt }: RecordedCall,
  ): Promise<T> =>
    answer.then(
      (result) => {
        const { attempts, durationMs } = result;
        audit.note(newsOfCall(request, options, { code: 'OK', attempts, durationMs }));
        return result;
      },
      (reason: unknown) => {
        const { code, attempts = 0 } = ConnectorError.from(reason);
        const news = newsOfCall(request, options, { code, attempts, durationMs: since(startedAt) });
        // How long a refusal took tells nothing, and would make each of them another.
        if (!noteRefused(reason, () => ({ ...news, attempts: 0, durationMs: undefined }))) audit.note(news);
        throw reason;
      },
    );
  const seen = withChanges(
    guarded,
    (name, rule, run) =>
      async (...args) => {
        try {
          return await run(...args);
        } catch (reason) {
          noteRefused(reason, () => newsOfChange(name, rule, args));
          throw reason;
        }
      },
    (name, run) =>
      (...args) => {
        const answer = run(...args);
        if (answer instanceof Promise)
          answer.catch((reason: unknown) => noteRefused(reason, () => newsOfRead(name, args)));
        return answer;
      },
  );
  async function* noted<Event>(
    name: string,
    options: CallOptions | undefined,
    events: AsyncIterable<Event>,
  ): AsyncGenerator<Event, void> {
    try {
      yield* events;
    } catch (reason) {
      noteRefused(reason, () => newsOfRead(name, [options]));
      throw reason;
    }
  }
  return {
    ...seen,
    watch: (options) => noted('watch', options, guarded.watch(options)),
    watchExecution: (id, options) => noted('watchExecution', options, guarded.watchExecution(id, options)),
    followLogs: (filter, options) => noted('followLogs', options, guarded.followLogs(filter, options)),
    execute: (request, options) => {
      if (!isRecorded(options)) return guarded.execute(request, options);
      const startedAt = performance.now();
      const sent = { ...request, payload: textOfPayload(request) };
      return recordCall(guarded.execute(request, options), { request: sent, options, startedAt });
    },
    executeText: (request, options) => {
      if (!isRecorded(options)) return guarded.executeText(request, options);
      const startedAt = performance.now();
      return recordCall(guarded.executeText(request, options), { request, options, startedAt });
    },
  };
}

/** What a guard says to those who may not. */
const REFUSALS: readonly string[] = ['UNAUTHENTICATED', 'PERMISSION_DENIED'];

type Run = (...args: readonly unknown[]) => unknown;

/** The same service with other functions for its changes, and for what only reads. */
function withChanges(
  service: ConnectorService,
  wrap: (name: string, rule: Recorded<readonly unknown[]>, run: Run) => Run,
  wrapRead: (name: string, run: Run) => Run = (_name, run) => run,
): ConnectorService {
  const all = service as unknown as Readonly<Record<string, Run>>;
  const operations = Object.entries(RULES).map(([name, rule]) => {
    const run: Run = (...args) => all[name]?.call(service, ...args);
    return [name, rule === 'unrecorded' ? wrapRead(name, run) : wrap(name, rule, run)];
  });
  return {
    ...(Object.fromEntries(operations) as Pick<ConnectorService, Operation>),
    execute: (request, options) => service.execute(request, options),
    executeText: (request, options) => service.executeText(request, options),
    close: () => service.close(),
    [Symbol.asyncDispose]: () => service.close(),
  };
}

async function recordChange<T>(
  audit: AuditLog,
  news: Omit<AuditNews, 'at' | 'code'>,
  make: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const begun = await audit.write({ ...news, at: Date.now(), code: 'BEGUN' });
  const end = (code: AuditCode): Promise<void> =>
    audit.keep({ ...news, at: Date.now(), code, begun, durationMs: since(startedAt) });
  try {
    const value = await make();
    await end('OK');
    return value;
  } catch (reason) {
    await end(ConnectorError.from(reason).code);
    throw reason;
  }
}

interface RecordedCall {
  readonly request: ExecuteTextRequest;
  readonly options: CallOptions | undefined;
  /** By `performance.now()`. */
  readonly startedAt: number;
}

/** One object, and no other made on the way: this is done for every call. */
function newsOfCall(
  request: ExecuteTextRequest,
  options: CallOptions | undefined,
  { code, attempts, durationMs }: Pick<AuditNews, 'code' | 'attempts' | 'durationMs'>,
): AuditNews {
  return {
    at: Date.now(),
    kind: 'execute',
    operation: 'execute',
    principal: options?.principal?.name ?? LOCAL_PRINCIPAL.name,
    door: options?.door ?? 'local',
    connector: textOf(request?.id),
    action: textOf(request?.action),
    key: textOf(request?.idempotencyKey),
    traceparent: textOf(options?.traceparent),
    payload: typeof request?.payload === 'string' ? request.payload : undefined,
    code,
    attempts,
    durationMs,
  };
}

function newsOfChange(
  operation: string,
  { options, kind = 'change', about }: Recorded<readonly unknown[]>,
  args: readonly unknown[],
): Omit<AuditNews, 'at' | 'code'> {
  const given = args[options] as CallOptions | undefined;
  return { kind, operation, ...callerOf(given), ...about(...args), traceparent: textOf(given?.traceparent) };
}

/** The connector, or the kind, is named first, where one is, and the options come last. */
function newsOfRead(operation: string, args: readonly unknown[]): Omit<AuditNews, 'at' | 'code'> {
  const options = args.findLast((each): each is CallOptions => typeof (each as CallOptions)?.principal === 'object');
  const named = textOf(args[0]);
  const about = operation === 'describeKind' ? { subject: named } : { connector: named };
  return { kind: 'read', operation, ...callerOf(options), ...about };
}

function callerOf(options: CallOptions | undefined): Pick<AuditNews, 'principal' | 'door'> {
  return { principal: options?.principal?.name ?? LOCAL_PRINCIPAL.name, door: options?.door ?? 'local' };
}

/** Callers in process can hand over anything. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? clipText(value, MAX_TEXT) : undefined;
}

/** Whose key it is, where it is another's than the caller's. */
function keyOf(key: OutcomeKey): string | undefined {
  if (typeof key === 'string' || typeof key?.key !== 'string') return textOf(key);
  return textOf(`${key.key} of ${key.principal}`);
}

/** What a secret is called, and never what it is. */
function secretName(secret: { readonly namespace: string; readonly name: string }): string | undefined {
  return textOf(`${secret?.namespace}/${secret?.name}`);
}

/** A payload that cannot be encoded is refused by the service, in its own words. */
function textOfPayload(request: ExecuteRequest | StartExecutionRequest): string {
  try {
    return payloadText(request?.payload);
  } catch {
    return '';
  }
}

function since(startedAt: number): number {
  return Math.round((performance.now() - startedAt) * 1000) / 1000;
}
