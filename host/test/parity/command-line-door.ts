import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type {
  CallOptions,
  ChangeResult,
  ConnectorConfigInput,
  ConnectorService,
  CreateTokenRequest,
  ExecutionFilter,
  ExecuteTextRequest,
  ExecuteTextResult,
  HealthFilter,
  JsonObject,
  JsonValue,
  ListFilter,
  LogFilter,
  LogLine,
  RemoveSecretRequest,
  SetProfileRequest,
  SetScheduleRequest,
  SetSecretRequest,
  StartExecutionRequest,
  TestReport,
} from '@automate/contract';
import { encodePayload } from '@automate/contract/json-text';
import { requireCallOptions } from '@automate/contract/service';
import { fromProblemDocument } from '@automate/contract/http';
import { toWireConfig } from '@automate/contract/schemas';
import { AUTOMATE, plainEnvironment } from '../cli/fixtures/cli-project.ts';
import { collect } from '../cli/fixtures/run-command.ts';
import {
  readAudit,
  readBlame,
  readDescription,
  readDetails,
  readExecution,
  readHealth,
  readHistory,
  readInfo,
  readOutcome,
  readPlugins,
  readProfile,
  readProfileChange,
  readRecentCall,
  readSchedule,
  readSecret,
  readStats,
  readHost,
  readHosts,
  readStatus,
  readToken,
} from '../fixtures/rest-answers.ts';

interface Typed extends CallOptions {
  readonly input?: string;
}

/** What a problem in a text has besides: its place in that text. */
const PLACE = /--input:\d+:\d+: /g;

/**
 * The service as a person or a script sees it: `automate … --json`, a process for each call, at the host that runs in
 * the project. What it prints is the answer, or the problem document of the error.
 */
export function openCommandLineDoor(root: string): ConnectorService {
  async function run(args: readonly string[], { input, timeoutMs, signal }: Typed = {}): Promise<string> {
    if (signal?.aborted === true) requireCallOptions({ signal });
    const timeout = timeoutMs === undefined ? [] : ['--timeout', `${timeoutMs}ms`];
    const child = spawn(process.execPath, [AUTOMATE, ...args, ...timeout, '--json'], {
      cwd: root,
      env: plainEnvironment(),
    });
    const printed = collect(child);
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    signal?.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
    await once(child, 'close');
    const { stdout, stderr } = printed();
    // One that is unhealthy, or a test that failed, is an answer, whatever the exit code.
    if (stdout !== '') return stdout;
    throw fromProblemDocument(withoutPlaces(JSON.parse(stderr) as JsonObject), 0);
  }

  const ask = async (args: readonly string[], typed?: Typed): Promise<JsonObject> =>
    JSON.parse(await run(args, typed)) as JsonObject;
  const ofType = (type: string | undefined): readonly string[] => (type === undefined ? [] : ['--type', type]);
  const change = async (verb: 'register' | 'update', config: ConnectorConfigInput): Promise<ChangeResult> => {
    const answer = await ask(['connectors', verb, '--input', '-'], { input: JSON.stringify(toWireConfig(config)) });
    return answer as unknown as ChangeResult;
  };

  async function executeText(request: ExecuteTextRequest, options?: CallOptions): Promise<ExecuteTextResult> {
    const { id, action, payload, idempotencyKey } = request;
    const key = idempotencyKey === undefined ? [] : ['--idempotency-key', idempotencyKey];
    const answer = await ask(['execute', id, action, '--input', '-', ...key], { ...options, input: payload });
    const { result, attempts, duration_ms: durationMs, replayed } = answer;
    return { result: JSON.stringify(result), attempts, durationMs, replayed } as unknown as ExecuteTextResult;
  }

  const door: Record<keyof ConnectorService, unknown> = {
    async list({ type, enabledOnly, tag }: ListFilter = {}) {
      const enabled = enabledOnly === true ? ['--enabled'] : [];
      const tagged = tag === undefined ? [] : ['--tag', tag];
      const { connectors } = await ask(['connectors', 'list', ...ofType(type), ...enabled, ...tagged]);
      return (connectors as JsonObject[]).map(readInfo);
    },
    get: async (id: string) => readDetails(await ask(['connectors', 'get', id])),
    describe: async (id: string) => readDescription(await ask(['connectors', 'describe', id])),
    register: (config: ConnectorConfigInput) => change('register', config),
    update: (config: ConnectorConfigInput) => change('update', config),
    remove: (id: string) => ask(['connectors', 'remove', id]),
    healthCheck: async (id: string) => readHealth(await ask(['connectors', 'health', id]), id),
    async healthCheckAll({ type, cached }: HealthFilter = {}) {
      const { results } = await ask([
        'connectors',
        'health',
        ...ofType(type),
        ...(cached === true ? ['--cached'] : []),
      ]);
      const reports = Object.entries(results as Record<string, JsonObject>);
      return Object.fromEntries(reports.map(([id, view]) => [id, readHealth(view, id)]));
    },
    test: async (id: string) => (await ask(['connectors', 'test', id])) as unknown as TestReport,
    async execute({ payload, ...request }: Parameters<ConnectorService['execute']>[0], options?: CallOptions) {
      const { result, ...rest } = await executeText({ ...request, payload: encodePayload(payload) }, options);
      return { result: JSON.parse(result) as JsonValue, ...rest };
    },
    executeText,
    watch: () => undefined,
    getOutcome: async (id: string, key: string) => readOutcome(await ask(['outcomes', 'get', id, key])),
    clearOutcome: (id: string, key: string) => ask(['outcomes', 'clear', id, key]),
    createToken: async ({ name, scopes }: CreateTokenRequest) => {
      const { token, ...view } = await ask([
        'tokens',
        'create',
        name,
        ...scopes.flatMap((scope) => ['--scope', scope]),
      ]);
      return { ...readToken(view as JsonObject), token };
    },
    listTokens: async () => ((await ask(['tokens', 'list']))['tokens'] as JsonObject[]).map(readToken),
    revokeToken: (id: string) => ask(['tokens', 'revoke', id]),
    plugins: async () => readPlugins(await ask(['plugins', 'list'])),
    rescanPlugins: async () => readPlugins(await ask(['plugins', 'check'])),
    describeKind: async (kind: string) => readDescription(await ask(['plugins', 'describe', kind])),
    listSecrets: async () => ((await ask(['secrets', 'list']))['secrets'] as JsonObject[]).map(readSecret),
    setSecret: ({ namespace, name, value }: SetSecretRequest) =>
      ask(['secrets', 'set', `${namespace}/${name}`], { input: value }),
    removeSecret: ({ namespace, name, version, force }: RemoveSecretRequest) =>
      ask([
        'secrets',
        'remove',
        `${namespace}/${name}`,
        ...(version === undefined ? [] : ['--secret-version', String(version)]),
        ...(force === true ? ['--force'] : []),
      ]),
    listProfiles: async () => ((await ask(['profiles', 'list']))['profiles'] as JsonObject[]).map(readProfile),
    setProfile: async ({ name, ...profile }: SetProfileRequest) =>
      readProfileChange(await ask(['profiles', 'set', name, '--input', '-'], { input: JSON.stringify(profile) })),
    removeProfile: async (name: string) => readProfileChange(await ask(['profiles', 'remove', name])),
    getStats: async () => readStats(await ask(['top'])),
    blame: async () => readBlame(await ask(['blame'])),
    listAudit: async () => readAudit(await ask(['audit', 'list'])),
    verifyAudit: () => ask(['audit', 'verify']),
    pause: async (id: string) => readInfo(await ask(['connectors', 'pause', id])),
    resume: async (id: string) => readInfo(await ask(['connectors', 'resume', id])),
    restart: async (id: string) => readInfo(await ask(['connectors', 'restart', id])),
    enable: async (id: string) => readInfo(await ask(['connectors', 'enable', id])),
    disable: async (id: string) => readInfo(await ask(['connectors', 'disable', id])),
    planConfig: ({ yaml }: { readonly yaml?: string } = {}) => ask(['plan', '-'], { input: yaml ?? '' }),
    applyConfig: ({ yaml }: { readonly yaml?: string } = {}) => ask(['apply', '-'], { input: yaml ?? '' }),
    exportConfig: () => ask(['export']),
    receiveWebhook: () => Promise.reject(new Error('it has none')),
    listHosts: async () => readHosts(await ask(['hosts'])),
    drainHost: async (id: string) => readHost(await ask(['hosts', 'drain', id])),
    undrainHost: async (id: string) => readHost(await ask(['hosts', 'undrain', id])),
    async getStatus() {
      const { running: _running, ...status } = await ask(['status']);
      return readStatus(status);
    },
    async startExecution({ id, action, payload, ...more }: StartExecutionRequest) {
      const { idempotencyKey, runAt, priority, runTimeoutMs, callbackUrl } = more;
      const typed = {
        '--idempotency-key': idempotencyKey,
        '--run-at': runAt,
        '--callback-url': callbackUrl,
        '--priority': priority,
        '--run-timeout': runTimeoutMs === undefined ? undefined : `${runTimeoutMs}ms`,
      };
      const options = Object.entries(typed).flatMap(([name, value]) =>
        value === undefined ? [] : [`${name}=${value}`],
      );
      const input = typeof payload === 'string' ? payload : encodePayload(payload);
      return readExecution(await ask(['execute', id, action, '--input', '-', '--async', ...options], { input }));
    },
    getExecution: async (id: string) => readExecution(await ask(['executions', 'get', id])),
    async listExecutions({ status, deadLetters, ...texts }: ExecutionFilter = {}) {
      const { executions, next } = await ask([
        ...['executions', 'list', ...(deadLetters === true ? ['--dead-letters'] : [])],
        ...(status === undefined ? [] : ['--status', ...status]),
        ...Object.entries(texts).flatMap(([name, value]) => [`--${name}`, String(value)]),
      ]);
      return { executions: (executions as JsonObject[]).map(readExecution), ...(next === undefined ? {} : { next }) };
    },
    cancelExecution: async (id: string) => readExecution(await ask(['executions', 'cancel', id])),
    rerunExecution: async (id: string) => readExecution(await ask(['executions', 'rerun', id])),
    async setSchedule({ name, id, action, cron, payload, ...more }: SetScheduleRequest) {
      const { timeZone, priority, runTimeoutMs, callbackUrl } = more;
      const typed = {
        '--cron': cron,
        '--time-zone': timeZone,
        '--callback-url': callbackUrl,
        '--priority': priority,
        '--run-timeout': runTimeoutMs === undefined ? undefined : `${runTimeoutMs}ms`,
      };
      const options = Object.entries(typed).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
      const input = typeof payload === 'string' ? payload : encodePayload(payload);
      return readSchedule(await ask(['schedules', 'set', name, id, action, '--input', '-', ...options], { input }));
    },
    listSchedules: async () => ((await ask(['schedules', 'list']))['schedules'] as JsonObject[]).map(readSchedule),
    pauseSchedule: async (name: string) => readSchedule(await ask(['schedules', 'pause', name])),
    resumeSchedule: async (name: string) => readSchedule(await ask(['schedules', 'resume', name])),
    removeSchedule: (name: string) => ask(['schedules', 'remove', name]),
    async *watchExecution(id: string) {
      const lines = (await run(['executions', 'watch', id])).trimEnd().split('\n');
      for (const line of lines) yield readExecution(JSON.parse(line) as JsonObject);
    },
    readLogs: async ({ connector, level, limit }: LogFilter = {}) => {
      const lines = await run([
        'logs',
        ...(connector === undefined ? [] : [connector]),
        ...(level === undefined ? [] : ['--level', level]),
        ...(limit === undefined ? [] : ['--limit', String(limit)]),
      ]);
      return lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as LogLine);
    },
    followLogs: () => undefined,
    setLogLevel: async (id: string, level: string) => readInfo(await ask(['connectors', 'log-level', id, level])),
    listCalls: async (id: string, { limit }: { readonly limit?: number } = {}) => {
      const { calls } = await ask([
        'connectors',
        'calls',
        id,
        ...(limit === undefined ? [] : ['--limit', String(limit)]),
      ]);
      return (calls as JsonObject[]).map(readRecentCall);
    },
    listHealthHistory: async (id: string) => readHistory(await ask(['connectors', 'health', id, '--history'])),
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  return door as unknown as ConnectorService;
}

function withoutPlaces(document: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(document), (key, value: unknown) => {
    if (key === 'problems' && Array.isArray(value))
      return value.map(({ file: _file, line, column, ...problem }: JsonObject) =>
        _file === undefined ? { ...problem, ...(line === undefined ? {} : { line, column }) } : problem,
      );
    return typeof value === 'string' ? value.replaceAll(PLACE, '') : value;
  }) as JsonObject;
}
