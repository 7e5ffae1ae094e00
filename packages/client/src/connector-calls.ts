import { InvalidInputError } from '@automate/contract';
import type { CallOptions, ConnectorService, JsonObject, JsonValue } from '@automate/contract';

/**
 * The actions of each connector, by id: `{ slack: { send_message: { input: …; output: … } } }`. The declarations that
 * `automate types` writes fill it; where none are, connectors are called without types.
 */
export interface ConnectorActions {}

/** Ids that can be called: with declarations those that they name, else any. */
export type ConnectorId = [keyof ConnectorActions] extends [never] ? string : Extract<keyof ConnectorActions, string>;

/** Options of one call. */
export interface ActionCallOptions extends CallOptions {
  /** For the same key, action and payload the same answer, without another effect. */
  readonly idempotencyKey?: string;
}

interface Signature {
  readonly input: unknown;
  readonly output: unknown;
}

/** Calls an action with its payload, which may be left out where nothing in it is required, and gives the result. */
type ActionCall<Action> = Action extends Signature
  ? object extends Action['input']
    ? (payload?: Action['input'], options?: ActionCallOptions) => Promise<Action['output']>
    : (payload: Action['input'], options?: ActionCallOptions) => Promise<Action['output']>
  : never;

type UntypedCalls = Readonly<Record<string, (payload?: JsonObject, options?: ActionCallOptions) => Promise<JsonValue>>>;

/** The actions of one connector as functions. */
export type ConnectorCalls<Id extends string> = Id extends keyof ConnectorActions
  ? { readonly [Action in keyof ConnectorActions[Id]]: ActionCall<ConnectorActions[Id][Action]> }
  : UntypedCalls;

/** The service as `connect` gives it. */
export interface ConnectedService extends ConnectorService {
  /**
   * The actions of a connector as functions: `service.connector('slack').send_message({ channel, text })` gives the result. Nothing is
   * asked of the service before one is called; a call rejects as `execute` does.
   *
   * An action called `then` can only be called by `execute`, as what has it would pass for a promise.
   */
  connector<Id extends ConnectorId>(id: Id): ConnectorCalls<Id>;
}

/** Adds the connectors' actions as functions to the service. */
export function withConnectorCalls(service: ConnectorService): ConnectedService {
  return Object.assign(service, {
    connector: <Id extends ConnectorId>(id: Id): ConnectorCalls<Id> => callsOf(service, id) as ConnectorCalls<Id>,
  });
}

function callsOf(service: ConnectorService, id: string): UntypedCalls {
  return new Proxy(Object.create(null) as UntypedCalls, {
    get(_target, action) {
      if (typeof action !== 'string' || action === 'then') return undefined;
      return async (payload: JsonObject = {}, options: ActionCallOptions = {}): Promise<JsonValue> => {
        const { idempotencyKey, ...call } = options;
        const key = idempotencyKey === undefined ? {} : { idempotencyKey };
        return (await service.execute({ id, action, payload, ...key }, call)).result;
      };
    },
    set(_target, action) {
      throw new InvalidInputError(`the actions of a connector cannot be changed: ${String(action)}`, { connector: id });
    },
  });
}
