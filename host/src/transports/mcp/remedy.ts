import type { Blame, ConnectorError, ErrorCode } from '@automate/contract';

/** What was called, as far as it is known. */
export interface Called {
  readonly connector?: string;
  readonly sideEffects: boolean;
  readonly idempotent: boolean;
  readonly idempotencyKey?: string | undefined;
}

/** Whoever has to act, in words. */
export const BLAMED = {
  caller: 'you, who called',
  operator: 'whoever operates the host',
  plugin: "the connector's plugin, or the host",
  remote: 'the remote system',
} as const satisfies Record<Blame, string>;

/** What an agent can do about an error, in one or two sentences. */
export function remedyOf(error: ConnectorError, called: Called): string {
  const reason = error.details?.['reason'];
  if (reason === 'schema_changed' || reason === 'unknown_action')
    return 'List the tools again, read the new schema, and call again. Nothing was run.';
  return REMEDIES[error.code](error, called);
}

const askOperator = (what: string) => (): string =>
  `Another call will fail in the same way: ask whoever operates the host to mend ${what}.`;

const REMEDIES = {
  INVALID_INPUT: () => 'Change the arguments, as the problems say: the same call will be refused again.',
  UNAUTHENTICATED: () => 'Ask for another token: this one does not let you in.',
  PERMISSION_DENIED: () => 'Do without this tool, or ask for a token with the scope that is named.',
  AUTH_FAILED: askOperator("the connector's credentials"),
  FORBIDDEN: askOperator('what the connector may do, at the remote system or by the network policy'),
  NOT_FOUND: () => 'Look for the right name with another tool: what the call names does not exist.',
  ALREADY_EXISTS: () => 'Use what exists, or another name.',
  CONFIG_INVALID: askOperator("the connector's configuration"),
  RATE_LIMITED: (error) => `Call again ${waitOf(error)}: nothing was run.`,
  TIMEOUT: again,
  UPSTREAM_5XX: again,
  TRANSIENT_NETWORK: again,
  CANCELLED: again,
  UNAVAILABLE: (error) =>
    error.retryable
      ? `Call again ${waitOf(error)}: nothing was run.`
      : 'Nothing was run, and another call will not be either until whoever operates the host changes that.',
  OVERLOADED: (error) => `Call again ${waitOf(error)}: nothing was run.`,
  WORKER_LOST: again,
  OUTCOME_UNKNOWN: unknown,
  INTERNAL_ERROR: again,
} as const satisfies Record<ErrorCode, (error: ConnectorError, called: Called) => string>;

function again(error: ConnectorError, called: Called): string {
  if (error.effect === 'maybe' && called.sideEffects && !called.idempotent) return unknown(error, called);
  const harmless =
    error.effect === 'none' || !called.sideEffects ? 'nothing was changed' : 'doing it twice is the same';
  return error.retryable
    ? `Call again ${waitOf(error)}: ${harmless}.`
    : `The host does not expect another call to help; ${harmless}.`;
}

function unknown({ connector }: ConnectorError, called: Called): string {
  const { idempotencyKey: key } = called;
  const id = connector ?? called.connector;
  const find = `Whether it took effect is not known. Find out before you call again`;
  return key === undefined
    ? `${find}, with a tool that reads; a call with an idempotency key could be repeated.`
    : `${find}: the tool outcomes_get tells what is known of ${JSON.stringify({ connector: id, key })}, and a call with the same key and arguments is not run twice.`;
}

function waitOf({ retryAfterMs }: ConnectorError): string {
  return retryAfterMs === undefined ? 'in a moment' : `in ${Math.ceil(retryAfterMs / 1000)} s`;
}
