// Long, as it has a row for every operation of the port.
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectorService, Execution } from '@automate/contract';
import type { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import type { OperationId } from '@automate/contract/http';

/** What can be asked of the service. */
export type Operation = Exclude<keyof ConnectorService, 'close' | typeof Symbol.asyncDispose>;

/** Why a door does not have an operation. */
export interface Spared {
  readonly why: string;
}

export interface OperationRow {
  /** Its method of gRPC. */
  readonly grpc: keyof typeof CONNECTORS_SERVICE | Spared;
  /** Its route of REST. */
  readonly rest: OperationId | Spared;
  /** Its command. */
  readonly cli: string | Spared;
  /** Its tool of MCP; agents have few of the operations. `*`: a tool of each action. */
  readonly mcp?: string;
  /** Brings about what the operation needs, and gives what it is to be asked of. */
  before?(inside: ConnectorService, door: ConnectorService): Promise<unknown>;
  /** Asks for the operation as a caller does, and gives the whole answer. */
  play(door: ConnectorService): Promise<unknown>;
  /** Takes back what was done. */
  after?(inside: ConnectorService, answer: unknown, door: ConnectorService): Promise<unknown>;
  /** Keys whose values differ from call to call. Default: none. */
  readonly volatile?: readonly string[];
  /** The answer holds records of the calls of other doors: its form is compared, not what it says. */
  readonly formAlone?: true;
}

const MINE = { id: 'mine', kind: 'echo' } as const;
const KEY = 'a-key';
const SECRET = { namespace: 'team', name: 'key' } as const;
const PROFILE = { name: 'shared', kind: 'echo' } as const;
/** The configuration of the host. */
export const APPLIED = `
connectors:
  - { id: echo, tags: [tested], settings: { greeting: hi }, health_check: { interval: 20h } }
  - { id: off, kind: echo, enabled: false }
  - { id: ghost, kind: not_installed }
`;
const SAY = { id: 'echo', action: 'say', payload: { text: 'Grüße' } } as const;
const LATER = { ...SAY, runAt: '2999-01-01T00:00:00.000Z' } as const;
const EXECUTION_VOLATILE = [
  ...['id', 'createdAt', 'startedAt', 'endedAt', 'expiresAt', 'rerunOf', 'rerunAs', 'principal'],
];
/** The one that was run last. */
const said = { id: '' };
const startSaying = async (inside: ConnectorService): Promise<void> => {
  const { id } = await inside.startExecution(SAY);
  for await (const { status } of inside.watchExecution(id)) if (status === 'succeeded') said.id = id;
};
const cancelAll = async (inside: ConnectorService): Promise<void> => {
  for (const { id } of (await inside.listExecutions({ status: ['queued'] })).executions)
    await inside.cancelExecution(id);
};
const YEARLY = { ...SAY, name: 'yearly', cron: '0 9 1 1 *', timeZone: 'Europe/Berlin' } as const;
const SCHEDULE_VOLATILE = ['createdAt', 'pausedSince', 'principal'];
const setYearly = (inside: ConnectorService) => inside.setSchedule(YEARLY);
const removeYearly = (inside: ConnectorService) => inside.removeSchedule(YEARLY.name);
const PLANNED = APPLIED.replace('greeting: hi', 'greeting: hallo');
const addMine = (inside: ConnectorService) => inside.register(MINE);
const removeMine = (inside: ConnectorService) => inside.remove(MINE.id);
const removeSecret = (inside: ConnectorService) => inside.removeSecret(SECRET);

/**
 * Every operation with a call of it, and where each door has it. Total by type, so that an operation that comes with no row, or a row with no
 * word about a door, does not compile.
 */
export const EVERY_OPERATION: { readonly [Name in Operation]: OperationRow } = {
  list: {
    ...{ grpc: 'listConnectors', rest: 'listConnectors', cli: 'connectors list', mcp: 'connectors_list' },
    play: (door) => door.list({ tag: 'tested' }),
  },
  get: {
    ...{ grpc: 'getConnector', rest: 'getConnector', cli: 'connectors get' },
    play: (door) => door.get('echo'),
  },
  describe: {
    ...{ grpc: 'describeConnector', rest: 'describeConnector', cli: 'connectors describe', mcp: 'connectors_describe' },
    play: (door) => door.describe('echo'),
  },
  register: {
    ...{ grpc: 'registerConnector', rest: 'registerConnector', cli: 'connectors register' },
    play: (door) => door.register({ ...MINE, settings: { greeting: 'salut' } }),
    after: removeMine,
  },
  update: {
    ...{ grpc: 'updateConnector', rest: 'updateConnector', cli: 'connectors update' },
    before: addMine,
    play: (door) => door.update({ ...MINE, settings: { greeting: 'ciao' } }),
    after: removeMine,
  },
  remove: {
    ...{ grpc: 'removeConnector', rest: 'removeConnector', cli: 'connectors remove' },
    before: addMine,
    play: (door) => door.remove(MINE.id),
  },
  healthCheck: {
    ...{ grpc: 'healthCheck', rest: 'healthCheck', cli: 'connectors health', mcp: 'connectors_health' },
    play: (door) => door.healthCheck('echo'),
    volatile: ['responseTimeMs', 'checkedAt', 'lastSuccessAt'],
  },
  healthCheckAll: {
    ...{ grpc: 'healthCheckAll', rest: 'healthCheckAll', cli: 'connectors health', mcp: 'connectors_health' },
    play: (door) => door.healthCheckAll({ cached: true }),
    volatile: ['responseTimeMs', 'checkedAt', 'lastSuccessAt'],
  },
  test: {
    ...{ grpc: 'testConnector', rest: 'testConnector', cli: 'connectors test' },
    play: (door) => door.test('echo'),
  },
  execute: {
    ...{ grpc: 'executeAction', rest: 'executeAction', cli: 'execute', mcp: '*' },
    play: (door) => door.execute({ id: 'echo', action: 'say', payload: { text: 'Grüße' } }),
    volatile: ['durationMs'],
  },
  executeText: {
    ...{ grpc: 'executeActionWithProgress', rest: 'executeAction', cli: 'execute' },
    play: (door) =>
      door.executeText({ id: 'echo', action: 'say', payload: '{"text":"as text"}' }, { onProgress: () => undefined }),
    volatile: ['durationMs'],
  },
  watch: {
    grpc: 'watchConnectors',
    rest: 'watchConnectors',
    cli: { why: 'tables show a moment' },
    async play(door) {
      const stop = new AbortController();
      const seen: string[] = [];
      for await (const event of door.watch({ signal: stop.signal })) {
        if (event.kind === 'synced') stop.abort();
        else if (event.kind === 'added') seen.push(event.connector.id);
      }
      return seen.toSorted();
    },
  },
  getOutcome: {
    ...{ grpc: 'getOutcome', rest: 'getOutcome', cli: 'outcomes get', mcp: 'outcomes_get' },
    before: (_inside, door) => door.execute({ id: 'echo', action: 'say', payload: { text: 'x' }, idempotencyKey: KEY }),
    play: (door) => door.getOutcome('echo', KEY),
    // An agent cannot clear it; who knows whose key it is can.
    after: (inside, _answer, door) =>
      door.clearOutcome === undefined
        ? inside.clearOutcome('echo', { key: KEY, principal: 'door' })
        : door.clearOutcome('echo', KEY),
    volatile: ['startedAt', 'endedAt', 'expiresAt'],
  },
  clearOutcome: {
    ...{ grpc: 'clearOutcome', rest: 'clearOutcome', cli: 'outcomes clear' },
    before: (_inside, door) => door.execute({ id: 'echo', action: 'say', payload: { text: 'x' }, idempotencyKey: KEY }),
    play: (door) => door.clearOutcome('echo', KEY),
  },
  plugins: {
    ...{ grpc: 'listPlugins', rest: 'listPlugins', cli: 'plugins list' },
    play: (door) => door.plugins(),
  },
  rescanPlugins: {
    ...{ grpc: 'rescanPlugins', rest: 'rescanPlugins', cli: 'plugins check' },
    play: (door) => door.rescanPlugins(),
  },
  describeKind: {
    ...{ grpc: 'describeKind', rest: 'describeKind', cli: 'plugins describe' },
    play: (door) => door.describeKind('echo'),
  },
  listSecrets: {
    ...{ grpc: 'listSecrets', rest: 'listSecrets', cli: 'secrets list' },
    before: (inside) => inside.setSecret({ ...SECRET, value: 'a value of the test' }),
    play: (door) => door.listSecrets(),
    after: removeSecret,
    volatile: ['createdAt'],
  },
  setSecret: {
    ...{ grpc: 'setSecret', rest: 'setSecret', cli: 'secrets set' },
    play: (door) => door.setSecret({ ...SECRET, value: 'a value of the test' }),
    after: removeSecret,
  },
  removeSecret: {
    ...{ grpc: 'removeSecret', rest: 'removeSecret', cli: 'secrets remove' },
    before: (inside) => inside.setSecret({ ...SECRET, value: 'a value of the test' }),
    play: (door) => door.removeSecret(SECRET),
  },
  listProfiles: {
    ...{ grpc: 'listProfiles', rest: 'listProfiles', cli: 'profiles list' },
    before: (inside) => inside.setProfile({ ...PROFILE, environment: 'test' }),
    play: (door) => door.listProfiles(),
    after: (inside) => inside.removeProfile(PROFILE.name),
  },
  setProfile: {
    ...{ grpc: 'setProfile', rest: 'setProfile', cli: 'profiles set' },
    play: (door) => door.setProfile({ ...PROFILE, settings: { greeting: 'hallo' } }),
    after: (inside) => inside.removeProfile(PROFILE.name),
  },
  removeProfile: {
    ...{ grpc: 'removeProfile', rest: 'removeProfile', cli: 'profiles remove' },
    before: (inside) => inside.setProfile(PROFILE),
    play: (door) => door.removeProfile(PROFILE.name),
  },
  listAudit: {
    ...{ grpc: 'listAudit', rest: 'listAudit', cli: 'audit list' },
    play: async (door) =>
      (await door.listAudit({ limit: 1 })).records.slice(0, 1).map(({ at, hash }) => ({ at, hash })),
    formAlone: true,
  },
  verifyAudit: {
    ...{ grpc: 'verifyAudit', rest: 'verifyAudit', cli: 'audit verify' },
    play: (door) => door.verifyAudit(),
    formAlone: true,
  },
  pause: {
    ...{ grpc: 'pauseConnector', rest: 'pauseConnector', cli: 'connectors pause' },
    play: (door) => door.pause('echo'),
    after: (inside) => inside.resume('echo'),
    volatile: ['pausedSince'],
  },
  resume: {
    ...{ grpc: 'resumeConnector', rest: 'resumeConnector', cli: 'connectors resume' },
    before: (inside) => inside.pause('echo'),
    play: (door) => door.resume('echo'),
  },
  restart: {
    ...{ grpc: 'restartConnector', rest: 'restartConnector', cli: 'connectors restart' },
    play: (door) => door.restart('echo'),
  },
  enable: {
    ...{ grpc: 'enableConnector', rest: 'enableConnector', cli: 'connectors enable' },
    before: (inside) => inside.disable('off'),
    play: (door) => door.enable('off'),
    after: (inside) => inside.disable('off'),
  },
  disable: {
    ...{ grpc: 'disableConnector', rest: 'disableConnector', cli: 'connectors disable' },
    before: (inside) => inside.enable('off'),
    play: (door) => door.disable('off'),
  },
  getStatus: {
    ...{ grpc: 'getStatus', rest: 'getStatus', cli: 'status' },
    play: (door) => door.getStatus(),
  },
  listHosts: {
    ...{ grpc: 'listHosts', rest: 'listHosts', cli: 'hosts' },
    play: async (door) =>
      (await door.listHosts()).map(({ id, since, held, labels, drift, configDrift }) => ({
        ...{ id, since, held, labels, drift, configDrift },
      })),
  },
  drainHost: {
    ...{ grpc: 'drainHost', rest: 'drainHost', cli: 'hosts drain' },
    play: async (door) => {
      const [{ id } = { id: '' }] = await door.listHosts();
      // Nobody else is there to take what it has.
      return door.drainHost(id).catch(({ code, details }: { code: string; details?: object }) => ({ code, details }));
    },
  },
  undrainHost: {
    ...{ grpc: 'undrainHost', rest: 'undrainHost', cli: 'hosts undrain' },
    play: async (door) => {
      const [{ id } = { id: '' }] = await door.listHosts();
      const { draining } = await door.undrainHost(id);
      return { draining };
    },
  },
  receiveWebhook: {
    grpc: 'receiveWebhook',
    rest: { why: 'senders come to /hooks/{connector}, which asks for no token' },
    cli: { why: 'what a remote system sends comes over HTTP' },
    play: (door) => door.receiveWebhook('echo', { headers: { 'x-a': 'b' }, body: Buffer.from('{}') }),
  },
  listHealthHistory: {
    ...{ grpc: 'listHealthHistory', rest: 'listHealthHistory', cli: 'connectors health' },
    play: (door) => door.listHealthHistory('echo'),
  },
  getStats: {
    ...{ grpc: 'getStats', rest: 'getStats', cli: 'top' },
    // What is told of a call, and of a worker that was asked for a sign of life, is absent before and after.
    async before(inside) {
      await inside.execute({ id: 'echo', action: 'say', payload: { text: 'x' } });
      const echo = async () => (await inside.getStats()).connectors.find(({ id }) => id === 'echo');
      for (let now = await echo(); now?.p50Ms === undefined || now.worker?.loopLagMs === undefined; now = await echo())
        await delay(20);
    },
    play: async (door) => (await door.getStats()).connectors,
    volatile: ['errors'],
    formAlone: true,
  },
  blame: {
    ...{ grpc: 'blame', rest: 'blame', cli: 'blame' },
    play: async (door) => (await door.blame()).entries,
    formAlone: true,
  },
  setLogLevel: {
    ...{ grpc: 'setLogLevel', rest: 'setLogLevel', cli: 'connectors log-level' },
    play: (door) => door.setLogLevel('echo', 'debug'),
    after: (inside) => inside.setLogLevel('echo', 'default'),
  },
  readLogs: {
    ...{ grpc: 'readLogs', rest: 'readLogs', cli: 'logs' },
    play: async (door) => (await door.readLogs({ limit: 1 })).map(({ fields: _fields, ...line }) => line),
    formAlone: true,
  },
  followLogs: {
    ...{ grpc: 'followLogs', rest: 'readConnectorLogs', cli: { why: '`logs --follow` ends when it is told to' } },
    async play(door) {
      const stop = new AbortController();
      const kinds = new Set<string>();
      for await (const event of door.followLogs({ connector: 'echo' }, { signal: stop.signal })) {
        kinds.add(event.kind);
        if (event.kind === 'synced') stop.abort();
      }
      return [...kinds];
    },
  },
  listCalls: {
    ...{ grpc: 'listCalls', rest: 'listCalls', cli: 'connectors calls' },
    before: (inside) => inside.execute({ id: 'echo', action: 'say', payload: { text: 'x' } }),
    play: (door) => door.listCalls('echo', { limit: 1 }),
    volatile: ['at', 'durationMs', 'traceId'],
  },
  planConfig: {
    ...{ grpc: 'planConfig', rest: 'planConfig', cli: 'plan' },
    play: (door) => door.planConfig({ yaml: PLANNED, name: 'planned.yaml' }),
    volatile: ['responseTimeMs'],
  },
  applyConfig: {
    ...{ grpc: 'applyConfig', rest: 'applyConfig', cli: 'apply' },
    play: (door) => door.applyConfig({ yaml: APPLIED, name: 'applied.yaml' }),
  },
  exportConfig: {
    ...{ grpc: 'exportConfig', rest: 'exportConfig', cli: 'export' },
    before: addMine,
    play: (door) => door.exportConfig(),
    after: removeMine,
  },
  startExecution: {
    ...{ grpc: 'startExecution', rest: 'executeAction', cli: 'execute' },
    play: (door) => door.startExecution({ ...LATER, payload: { text: 'Grüße' }, priority: -7, runTimeoutMs: 90_000 }),
    after: cancelAll,
    volatile: EXECUTION_VOLATILE,
  },
  getExecution: {
    ...{ grpc: 'getExecution', rest: 'getExecution', cli: 'executions get', mcp: 'executions_get' },
    before: startSaying,
    play: (door) => door.getExecution(said.id),
    volatile: EXECUTION_VOLATILE,
  },
  listExecutions: {
    ...{ grpc: 'listExecutions', rest: 'listExecutions', cli: 'executions list' },
    before: startSaying,
    play: async (door) =>
      (await door.listExecutions({ connector: 'echo', status: ['succeeded'], limit: 1 })).executions,
    volatile: EXECUTION_VOLATILE,
  },
  cancelExecution: {
    ...{ grpc: 'cancelExecution', rest: 'cancelExecution', cli: 'executions cancel' },
    play: async (door) => door.cancelExecution((await door.startExecution(LATER)).id),
    volatile: EXECUTION_VOLATILE,
  },
  rerunExecution: {
    ...{ grpc: 'rerunExecution', rest: 'rerunExecution', cli: 'executions rerun' },
    before: async (_inside, door) => door.cancelExecution((await door.startExecution(LATER)).id),
    play: async (door) => {
      const { executions } = await door.listExecutions({ status: ['cancelled'], limit: 1 });
      return door.rerunExecution(executions[0]?.id ?? '');
    },
    after: cancelAll,
    volatile: EXECUTION_VOLATILE,
  },
  watchExecution: {
    ...{ grpc: 'watchExecution', rest: 'watchExecution', cli: 'executions watch' },
    before: startSaying,
    play: async (door) => {
      let last: Execution | undefined;
      for await (last of door.watchExecution(said.id));
      return last;
    },
    volatile: EXECUTION_VOLATILE,
  },
  setSchedule: {
    ...{ grpc: 'setSchedule', rest: 'setSchedule', cli: 'schedules set' },
    play: (door) => door.setSchedule({ ...YEARLY, payload: { text: 'Grüße' }, priority: -7, runTimeoutMs: 90_000 }),
    after: removeYearly,
    volatile: SCHEDULE_VOLATILE,
  },
  listSchedules: {
    ...{ grpc: 'listSchedules', rest: 'listSchedules', cli: 'schedules list' },
    before: setYearly,
    play: (door) => door.listSchedules(),
    after: removeYearly,
    volatile: SCHEDULE_VOLATILE,
  },
  pauseSchedule: {
    ...{ grpc: 'pauseSchedule', rest: 'pauseSchedule', cli: 'schedules pause' },
    before: setYearly,
    play: (door) => door.pauseSchedule(YEARLY.name),
    after: removeYearly,
    volatile: SCHEDULE_VOLATILE,
  },
  resumeSchedule: {
    ...{ grpc: 'resumeSchedule', rest: 'resumeSchedule', cli: 'schedules resume' },
    before: async (inside) => {
      await setYearly(inside);
      return inside.pauseSchedule(YEARLY.name);
    },
    play: (door) => door.resumeSchedule(YEARLY.name),
    after: removeYearly,
    volatile: SCHEDULE_VOLATILE,
  },
  removeSchedule: {
    ...{ grpc: 'removeSchedule', rest: 'removeSchedule', cli: 'schedules remove' },
    before: setYearly,
    play: (door) => door.removeSchedule(YEARLY.name),
  },
  // From the first token on callers have to sign in, so that these come last.
  createToken: {
    ...{ grpc: 'createToken', rest: 'createToken', cli: 'tokens create' },
    play: (door) => door.createToken({ name: 'somebody', scopes: ['read'] }),
    after: (inside, answer) => inside.revokeToken((answer as { readonly id: string }).id),
    volatile: ['id', 'token', 'createdAt'],
  },
  listTokens: {
    ...{ grpc: 'listTokens', rest: 'listTokens', cli: 'tokens list' },
    before: (inside) => inside.createToken({ name: 'somebody', scopes: ['read'] }),
    play: async (door) => (await door.listTokens()).at(-1),
    volatile: ['id', 'createdAt', 'revokedAt'],
  },
  revokeToken: {
    ...{ grpc: 'revokeToken', rest: 'revokeToken', cli: 'tokens revoke' },
    play: async (door) => {
      const { id } = await door.createToken({ name: 'somebody', scopes: ['read'] });
      return door.revokeToken(id);
    },
    volatile: ['id', 'message'],
  },
};
