import type { CallOptions, ConnectorService, Scope } from '@automate/contract';

type Port = Omit<ConnectorService, 'close' | typeof Symbol.asyncDispose>;

/** What can be asked of the service. */
export type Operation = keyof Port;

/** Where the options stand among the arguments: last. */
type OptionsPlace<Args extends readonly unknown[]> =
  Required<Args> extends [...infer Before, CallOptions] ? Before['length'] : never;

/**
 * What an operation needs. A scope: that one. `call`: to execute this action of this connector. `calls`: to execute anything of
 * this connector, and `admin` for what others have called. `own`: to execute anything at all, and `admin` for what others have started. `sight`: to read, or to execute anything of this connector. `listing`: the same, and who does not read is shown the
 * connectors that they may execute alone.
 */
type Need = Exclude<Scope, 'execute' | `execute:${string}`> | 'call' | 'calls' | 'own' | 'sight' | 'listing';

interface Rule<Name extends Operation> {
  readonly needs: Need;
  /** The options' place among the arguments. */
  readonly options: OptionsPlace<Parameters<Port[Name]>>;
}

/**
 * Every operation and what its caller must be allowed, behind every door. Total by type: an operation without a row does not compile.
 * What names a connector does so in its first argument, by its id, or `id` and `action` of a request.
 */
export const OPERATIONS: { readonly [Name in Operation]: Rule<Name> } = {
  list: { needs: 'listing', options: 1 },
  get: { needs: 'sight', options: 1 },
  describe: { needs: 'sight', options: 1 },
  register: { needs: 'manage', options: 1 },
  update: { needs: 'manage', options: 1 },
  remove: { needs: 'manage', options: 1 },
  healthCheck: { needs: 'sight', options: 1 },
  healthCheckAll: { needs: 'listing', options: 1 },
  test: { needs: 'manage', options: 1 },
  execute: { needs: 'call', options: 1 },
  executeText: { needs: 'call', options: 1 },
  getOutcome: { needs: 'calls', options: 2 },
  clearOutcome: { needs: 'calls', options: 2 },
  startExecution: { needs: 'call', options: 1 },
  getExecution: { needs: 'own', options: 1 },
  listExecutions: { needs: 'own', options: 1 },
  cancelExecution: { needs: 'own', options: 1 },
  watchExecution: { needs: 'own', options: 1 },
  rerunExecution: { needs: 'own', options: 1 },
  setSchedule: { needs: 'call', options: 1 },
  listSchedules: { needs: 'own', options: 0 },
  pauseSchedule: { needs: 'own', options: 1 },
  resumeSchedule: { needs: 'own', options: 1 },
  removeSchedule: { needs: 'own', options: 1 },
  createToken: { needs: 'admin', options: 1 },
  listTokens: { needs: 'admin', options: 0 },
  revokeToken: { needs: 'admin', options: 1 },
  watch: { needs: 'listing', options: 0 },
  plugins: { needs: 'read', options: 0 },
  rescanPlugins: { needs: 'manage', options: 0 },
  describeKind: { needs: 'read', options: 1 },
  listSecrets: { needs: 'secrets', options: 0 },
  setSecret: { needs: 'secrets', options: 1 },
  removeSecret: { needs: 'secrets', options: 1 },
  listProfiles: { needs: 'manage', options: 0 },
  setProfile: { needs: 'manage', options: 1 },
  removeProfile: { needs: 'manage', options: 1 },
  getStats: { needs: 'read', options: 0 },
  blame: { needs: 'read', options: 0 },
  listAudit: { needs: 'admin', options: 1 },
  verifyAudit: { needs: 'admin', options: 1 },
  pause: { needs: 'manage', options: 1 },
  resume: { needs: 'manage', options: 1 },
  restart: { needs: 'manage', options: 1 },
  enable: { needs: 'manage', options: 1 },
  disable: { needs: 'manage', options: 1 },
  getStatus: { needs: 'read', options: 0 },
  listHosts: { needs: 'read', options: 0 },
  drainHost: { needs: 'admin', options: 1 },
  undrainHost: { needs: 'admin', options: 1 },
  listHealthHistory: { needs: 'sight', options: 1 },
  readLogs: { needs: 'manage', options: 1 },
  followLogs: { needs: 'manage', options: 1 },
  setLogLevel: { needs: 'manage', options: 2 },
  listCalls: { needs: 'manage', options: 2 },
  planConfig: { needs: 'admin', options: 1 },
  applyConfig: { needs: 'admin', options: 1 },
  exportConfig: { needs: 'manage', options: 0 },
  receiveWebhook: { needs: 'calls', options: 2 },
};
