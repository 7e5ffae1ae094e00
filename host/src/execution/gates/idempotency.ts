import { hash } from 'node:crypto';
import type { ConnectorError, ErrorEnvelope, ExecuteTextRequest, Outcome, Principal } from '@automate/contract';
import {
  CancelledError,
  InvalidInputError,
  LOCAL_PRINCIPAL,
  OutcomeUnknownError,
  quote,
  TimeoutError,
  until,
} from '@automate/contract';
import type { CallEnd, OutcomeClaim, OutcomePlace, OutcomeStore, StoredOutcome } from '../../store/outcome-store.ts';
import { stillRunning } from '../kept-outcomes.ts';
import type { Gate, GateAnswer } from './gate.ts';

/** Results up to this many bytes are kept whole. */
const KEPT_BYTES = 64 * 1024;

export interface IdempotencyOptions {
  readonly outcomes: OutcomeStore;
  /** Hears of outcomes that could not be written down; their calls are answered all the same. */
  onFault(fault: unknown, at: string): void;
}

/** What the gate needs to know of a call. */
interface KeyedCall {
  readonly request: ExecuteTextRequest;
  readonly principal: Principal | undefined;
  readonly target: { readonly limits: { readonly idempotencyTtlMs: number } };
  readonly attempts: number;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Answers a call whose idempotency key was used before with the earlier one's outcome. That a call is made stands in the store before it
 * is, and its outcome before it is answered: whatever ends the host in between, the call is not made again for the same key.
 */
export function createIdempotency({ outcomes, onFault }: IdempotencyOptions): Gate<KeyedCall> {
  const drop = (place: OutcomePlace): Promise<unknown> => outcomes.end(place, 'nothing');
  return {
    name: 'idempotency',
    concerns: ({ request }) => request.idempotencyKey !== undefined,
    async admit(call) {
      const claim = claimOf(call);
      const begun = outcomes.begin(claim);
      let found: StoredOutcome | undefined;
      try {
        found = await until({ deadline: call.deadline, signal: call.signal, error: impatient }, () => begun);
      } catch (error) {
        // Nobody is going to make the call, and nobody to end it.
        begun.then((other) => (other === undefined ? drop(claim) : undefined)).catch(() => undefined);
        throw error;
      }
      return found === undefined ? undefined : replay(claim, found);
    },
    settle(call, outcome) {
      const place = placeOf(call);
      return outcomes.end(place, endOf(call, outcome)).then(
        // This host stood still for so long that the others have told that nobody knows: that stays so.
        (found) =>
          found?.status === 'unknown'
            ? { ok: false, error: outcomeUnknown(claimOf(call), found).toEnvelope() }
            : undefined,
        (fault: unknown) => {
          onFault(fault, `the outcome of a call of "${place.connector}" was written down`);
        },
      );
    },
  };
}

function placeOf({ request, principal = LOCAL_PRINCIPAL }: KeyedCall): OutcomePlace {
  return { connector: request.id, principal: principal.name, key: request.idempotencyKey ?? '' };
}

function claimOf(call: KeyedCall): OutcomeClaim {
  const { action, payload } = call.request;
  return { ...placeOf(call), action, payloadSha256: hash('sha256', payload === '' ? '{}' : payload) };
}

function impatient(end: string): ConnectorError {
  return end === 'deadline'
    ? new TimeoutError('the deadline passed before the idempotency key was written down', {
        effect: 'none',
        blame: 'operator',
      })
    : new CancelledError('the caller left before the call was sent', { effect: 'none' });
}

function endOf({ attempts, target }: KeyedCall, outcome: Outcome<string>): CallEnd | 'nothing' {
  const rest = { attempts, expiresAt: Date.now() + target.limits.idempotencyTtlMs };
  if (outcome.ok) {
    const { value } = outcome;
    const kept = Buffer.byteLength(value) <= KEPT_BYTES ? { text: value } : { resultSha256: hash('sha256', value) };
    return { status: 'succeeded', ...kept, ...rest };
  }
  const { error } = outcome;
  if (error.effect === 'none') return 'nothing';
  // To whoever asks again, "the caller left" would say nothing of the call.
  return { status: error.code === 'CANCELLED' ? 'unknown' : 'failed', text: JSON.stringify(error), ...rest };
}

/** What a call is answered whose key was used before. Throws where that is no answer to it. */
function replay(claim: OutcomeClaim, found: StoredOutcome): GateAnswer {
  const { connector, key, action } = claim;
  if (found.action !== action || found.payloadSha256 !== claim.payloadSha256) {
    const other = found.action === action ? 'another payload' : `the action ${quote(found.action)}`;
    throw new InvalidInputError(
      `the idempotency key ${quote(key)} was used for ${other} before: a key stands for one call; take a new one`,
      {
        problems: [
          { path: 'idempotency_key', expected: 'a key of its own for every call', received: `one used for ${other}` },
        ],
        details: { reason: 'key_reused', started_at: new Date(found.startedAt).toISOString() },
        connector,
      },
    );
  }
  const { status, text, attempts = 1 } = found;
  switch (status) {
    case 'running':
      throw stillRunning(claim, found);
    case 'unknown':
      throw outcomeUnknown(claim, found);
    case 'failed': {
      const error = JSON.parse(text ?? '{}') as ErrorEnvelope;
      const details = { ...error.details, replayed: true };
      return { ok: false, error: { ...error, details }, replayed: { attempts, resultDropped: false } };
    }
    case 'succeeded':
      return { ok: true, value: text ?? 'null', replayed: { attempts, resultDropped: text === undefined } };
    default:
      return status satisfies never;
  }
}

function outcomeUnknown(claim: OutcomeClaim, { endedAt, text, startedAt }: StoredOutcome): OutcomeUnknownError {
  const { connector, key, action } = claim;
  const { why, reason } =
    endedAt !== undefined ? UNKNOWN.callerLeft : text === undefined ? UNKNOWN.hostEnded : UNKNOWN.notWritten;
  return new OutcomeUnknownError(
    `whether ${quote(action)} took effect is not known: ${why}. Look at the remote system; then clear the idempotency key with "automate outcomes clear ${connector} ${key}" (DELETE /connectors/${connector}/outcomes/${encodeURIComponent(key)}), and call again if need be`,
    {
      blame: reason === 'caller_left' ? 'caller' : 'operator',
      details: { reason, started_at: new Date(startedAt).toISOString() },
      connector,
    },
  );
}

const UNKNOWN = {
  callerLeft: { why: 'its caller left while it was under way', reason: 'caller_left' },
  hostEnded: { why: 'the host ended before it had written down how the call ended', reason: 'host_ended' },
  notWritten: { why: 'the host could not write down how the call ended', reason: 'not_written' },
} as const;
