import type {
  CallOptions,
  ChangeResult,
  ErrorEnvelope,
  JsonValue,
  KeptOutcome,
  OutcomeKey,
  Principal,
} from '@automate/contract';
import { AlreadyExistsError, LOCAL_PRINCIPAL, NotFoundError, quote } from '@automate/contract';
import type { OutcomePlace, OutcomeStore, StoredOutcome } from '../store/outcome-store.ts';
import { waitWithin } from './wait-within.ts';

/** How long to wait before asking again for a call that runs, in milliseconds. */
const ASK_AGAIN_MS = 1_000;

/** How long more an outcome is kept that nobody can ask for, as its connector was removed while no host ran, in milliseconds. */
const LEFT_BEHIND_MS = 24 * 3_600_000;

export interface KeptOutcomesOptions {
  readonly outcomes: OutcomeStore;
  /** Throws NOT_FOUND where there is no connector of that id. */
  requireConnector(id: string, caller?: Principal): unknown;
}

/** What callers may know of calls with idempotency keys, and make forgotten. Who may ask for others' is the guard's to say. */
export class KeptOutcomes {
  readonly #options: KeptOutcomesOptions;

  constructor(options: KeptOutcomesOptions) {
    this.#options = options;
  }

  async get(id: string, key: OutcomeKey, options: CallOptions): Promise<KeptOutcome> {
    const place = this.#placeOf(id, key, options);
    const found = await waitWithin(this.#options.outcomes.find(place), options);
    if (found === undefined) throw noneKept(place);
    return viewOf(place, found);
  }

  async clear(id: string, key: OutcomeKey, options: CallOptions): Promise<ChangeResult> {
    const place = this.#placeOf(id, key, options);
    const found = await waitWithin(this.#options.outcomes.clear(place), options);
    if (found === undefined) throw noneKept(place);
    if (found.status === 'running') throw stillRunning(place, found);
    return { id, message: `cleared the idempotency key ${quote(place.key)} of "${id}"` };
  }

  /** Of connectors that there are no more nothing is kept for ever; they may be gone by mistake, and come back. */
  forgetLeftBehind(connectors: readonly string[]): Promise<void> {
    return this.#options.outcomes.age(connectors, Date.now() + LEFT_BEHIND_MS);
  }

  #placeOf(connector: string, asked: OutcomeKey, { principal = LOCAL_PRINCIPAL }: CallOptions): OutcomePlace {
    this.#options.requireConnector(connector, principal);
    return typeof asked === 'string' ? { connector, principal: principal.name, key: asked } : { connector, ...asked };
  }
}

/** The error of a call that needs another one's end first. */
export function stillRunning({ connector, key }: OutcomePlace, { startedAt }: StoredOutcome): AlreadyExistsError {
  return new AlreadyExistsError(
    `the call with the idempotency key ${quote(key)} is still running: ask again when it has ended`,
    {
      retryable: true,
      retryAfterMs: ASK_AGAIN_MS,
      details: { reason: 'in_progress', started_at: new Date(startedAt).toISOString() },
      connector,
    },
  );
}

function noneKept({ connector, key }: OutcomePlace): NotFoundError {
  return new NotFoundError(`no outcome of "${connector}" is kept for the idempotency key ${quote(key)}`, { connector });
}

function viewOf({ connector, key }: OutcomePlace, found: StoredOutcome): KeptOutcome {
  const { action, status, payloadSha256, startedAt, endedAt, expiresAt, attempts, text, resultSha256 } = found;
  return {
    connector,
    key,
    action,
    status,
    payloadSha256,
    startedAt: timeOf(startedAt),
    ...(endedAt === undefined ? {} : { endedAt: timeOf(endedAt) }),
    ...(expiresAt === undefined ? {} : { expiresAt: timeOf(expiresAt) }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(text === undefined
      ? {}
      : status === 'succeeded'
        ? { result: JSON.parse(text) as JsonValue }
        : { error: JSON.parse(text) as ErrorEnvelope }),
    ...(resultSha256 === undefined ? {} : { resultSha256 }),
  };
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
