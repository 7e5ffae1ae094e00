import type { CallProgress, ErrorEnvelope, Execution, JsonValue } from '@automate/contract';
import { ConnectorInternalError } from '@automate/contract';
import type { StoredExecution } from '../store/execution-store.ts';

/** Seals what executions carry, each for its place; throws where there is no key for it. */
export interface Sealer {
  seal(place: readonly string[], text: string): Uint8Array;
  /** Undefined where it cannot be opened. */
  open(place: readonly string[], sealed: Uint8Array): string | undefined;
}

/** What the store keeps of executions, sealed, and what it means. */
export class ExecutionTexts {
  readonly #sealer: Sealer;

  constructor(sealer: Sealer) {
    this.#sealer = sealer;
  }

  sealPayload(id: string, payload: string): Uint8Array {
    return this.#sealer.seal([id, 'payload'], payload);
  }

  /** Throws INTERNAL_ERROR where it cannot be read any more. */
  openPayload(id: string, sealed: Uint8Array): string {
    const payload = this.#sealer.open([id, 'payload'], sealed);
    if (payload === undefined) throw unreadable('its payload');
    return payload;
  }

  sealResult(id: string, result: string): Uint8Array {
    return this.#sealer.seal([id, 'outcome'], result);
  }

  sealError(id: string, error: ErrorEnvelope): Uint8Array {
    return this.#sealer.seal([id, 'outcome'], JSON.stringify(error));
  }

  /** Base64, as its column has text. */
  sealProgress(id: string, progress: CallProgress): string {
    return Buffer.from(this.#sealer.seal([id, 'progress'], JSON.stringify(progress))).toString('base64');
  }

  /** Of where its end is told, if it is. */
  sealCallback(id: string, url: string | undefined): Uint8Array | undefined {
    return url === undefined ? undefined : this.#sealer.seal([id, 'callback'], url);
  }

  /** What may be known of an execution. */
  view(stored: StoredExecution): Execution {
    const isDropped = stored.status === 'succeeded' && stored.outcome === undefined;
    return { ...this.viewInList(stored), ...(isDropped ? { resultDropped: true } : {}) };
  }

  /** The same without what is said of a result that was not kept, as lists are without results. */
  viewInList(stored: StoredExecution): Execution {
    const { id, connector, action, status, principal, key, priority, attempts, progress, rerunOf, rerunAs, schedule } =
      stored;
    const times = { runAt: stored.runAt, startedAt: stored.startedAt, endedAt: stored.endedAt };
    return {
      ...{ id, connector, action, status, principal, priority, attempts },
      createdAt: timeOf(stored.createdAt),
      ...Object.fromEntries(
        Object.entries({ ...times, expiresAt: stored.expiresAt }).flatMap(([name, time]) =>
          time === undefined ? [] : [[name, timeOf(time)]],
        ),
      ),
      ...(key === undefined ? {} : { idempotencyKey: key }),
      ...(progress === undefined || status === 'queued' ? {} : this.#progress(id, progress)),
      ...this.#outcome(stored),
      ...(stored.cancelling ? { cancelling: true } : {}),
      ...(rerunOf === undefined ? {} : { rerunOf }),
      ...(rerunAs === undefined ? {} : { rerunAs }),
      ...(schedule === undefined ? {} : { schedule }),
      ...this.#callback(stored),
    };
  }

  #progress(id: string, kept: string): Partial<Execution> {
    // That of a run of this host, and what was kept by hosts of before, is not sealed.
    const text = kept.startsWith('{') ? kept : this.#sealer.open([id, 'progress'], Buffer.from(kept, 'base64'));
    return text === undefined ? {} : { progress: JSON.parse(text) as CallProgress };
  }

  #callback({ id, callback, callbackUrl: sealed }: StoredExecution): Partial<Execution> {
    if (callback === undefined) return {};
    const callbackUrl = sealed && this.#sealer.open([id, 'callback'], sealed);
    return { callback, ...(callbackUrl === undefined ? {} : { callbackUrl }) };
  }

  #outcome({ id, status, outcome }: StoredExecution): Partial<Execution> {
    if (outcome === undefined || status === 'running') return {};
    const text = this.#sealer.open([id, 'outcome'], outcome);
    if (text === undefined) return { error: unreadable('what came of it').toEnvelope() };
    const value = JSON.parse(text) as unknown;
    return status === 'succeeded' ? { result: value as JsonValue } : { error: value as ErrorEnvelope };
  }
}

function unreadable(what: string): ConnectorInternalError {
  return new ConnectorInternalError(
    `${what} cannot be read: it is damaged, or the master key that it was sealed under is not there any more`,
    { blame: 'operator', effect: 'none', details: { reason: 'unexpected' } },
  );
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
