import { createHmac } from 'node:crypto';
import { executionView } from '@automate/contract/http';
import type { ExecutionStore, StoredExecution } from '../store/execution-store.ts';
import { LONGEST_CALLBACK_WAIT_MS } from '../store/execution-store.ts';
import type { ExecutionTexts } from './execution-texts.ts';
import type { CallbackTarget } from './post-callback.ts';
import { postCallback } from './post-callback.ts';
import { SlowReceivers } from './slow-receivers.ts';

/** Ends that one host tells at the same time. */
const MOST_AT_ONCE = 32;

/** For how long after its end an execution is told of, in milliseconds. */
const FOR_MS = 24 * 60 * 60_000;

/** The wait before the second try, in milliseconds; it doubles with each. */
const FIRST_WAIT_MS = 1_000;

/** Longest wait before it is looked again, in milliseconds: another host may have left some. */
const LOOK_MS = 30_000;

/** Why a try was not even begun. */
const RECEIVER_BUSY = 'its receiver is slow, and is still being told of others';

/** Where callbacks may go, and what they are signed with, as the configuration says now. */
export interface CallbackPolicy {
  /** Throws INVALID_INPUT, in words for the operator, where no end may be told there. */
  requireAllowed(url: string): void;
  /** Rejects where it cannot be read. */
  secret(): Promise<string>;
  /** Why nothing is to be sent there; undefined where it may. */
  refuses(target: CallbackTarget): string | undefined;
}

export interface CallbacksOptions extends CallbackPolicy {
  readonly store: ExecutionStore;
  readonly texts: ExecutionTexts;
  readonly agent: string;
  warn(message: string): void;
  /** Hears of what could not be done, which is tried again. */
  onFault(fault: unknown, at: string): void;
}

/** Tells the ends of executions where whoever started them wants it, beside all that runs. */
export class Callbacks {
  readonly #options: CallbacksOptions;
  readonly #under = new Set<Promise<void>>();
  readonly #receivers = new SlowReceivers();
  readonly #closed = new AbortController();
  #looks = false;
  #looking: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CallbacksOptions) {
    this.#options = options;
  }

  /** Begins to look for what is due, also of hosts that are gone. */
  open(): void {
    this.#looks = true;
    this.wake();
  }

  /** Some may be due. */
  wake(): void {
    if (this.#closed.signal.aborted) return;
    this.#again = true;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      if (this.#again) this.wake();
    });
  }

  /** Takes none more; what is under way may take `graceMs`, and is tried again by the next host. */
  async close(graceMs: number): Promise<void> {
    this.#looks = false;
    clearTimeout(this.#timer);
    const timer = setTimeout(() => this.#closed.abort(), graceMs);
    await this.#looking;
    await Promise.all(this.#under);
    clearTimeout(timer);
    this.#closed.abort();
  }

  async #look(): Promise<void> {
    this.#again = false;
    clearTimeout(this.#timer);
    let waitMs = LOOK_MS;
    try {
      const most = MOST_AT_ONCE - this.#under.size;
      if (most <= 0) return;
      const { due, nextAt } = await this.#options.store.claimCallbacks(most);
      for (const execution of due) this.#begin(execution);
      if (nextAt !== undefined) waitMs = Math.min(waitMs, Math.max(0, nextAt - this.#options.store.now()));
    } catch (fault) {
      this.#options.onFault(fault, 'ends of executions that are to be told were looked for');
    }
    if (!this.#looks) return;
    this.#timer = setTimeout(() => this.wake(), waitMs);
    this.#timer.unref();
  }

  #begin(execution: StoredExecution): void {
    const told = this.#tell(execution)
      .catch((fault: unknown) =>
        this.#options.onFault(fault, `what came of telling the end of the execution ${execution.id} was written down`),
      )
      .finally(() => {
        this.#under.delete(told);
        if (this.#looks) this.wake();
      });
    this.#under.add(told);
  }

  async #tell(execution: StoredExecution): Promise<void> {
    const { store, warn } = this.#options;
    const why = await this.#post(execution).catch((reason: unknown) =>
      reason instanceof Error ? reason.message : String(reason),
    );
    // Where this host ends, the next one tries again.
    const isCut = why !== undefined && this.#closed.signal.aborted;
    const end = why === undefined ? 'delivered' : isCut ? { afterMs: 0 } : judge(execution, store.now());
    await store.endCallback(execution, end);
    if (end === 'delivered' || isCut) return;
    const { id, callbackTries: tries = 0 } = execution;
    const whatNext = typeof end === 'string' ? 'it is given up' : 'it is tried again';
    if ((tries === 1 && why !== RECEIVER_BUSY) || typeof end === 'string')
      warn(`the end of the execution ${id} could not be told (try ${tries}): ${why}; ${whatNext}`);
  }

  /** Why it was not taken; undefined where it was. */
  async #post(execution: StoredExecution): Promise<string | undefined> {
    const { texts, agent, secret, requireAllowed, refuses } = this.#options;
    const { callbackUrl, callback: _state, ...view } = texts.view(execution);
    if (callbackUrl === undefined) throw new Error('where it is to be told cannot be read any more');
    requireAllowed(callbackUrl);
    const url = new URL(callbackUrl);
    const release = this.#receivers.take(url.origin);
    if (release === undefined) return RECEIVER_BUSY;
    using _place = { [Symbol.dispose]: release };
    const key = await secret();
    if (key === '') throw new Error('executions.callback_secret is empty, which signs nothing');
    const body = JSON.stringify(executionView(view));
    const timestamp = String(Math.floor(this.#options.store.now() / 1000));
    const signature = createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex');
    return await postCallback({
      url,
      body,
      headers: {
        'content-type': 'application/json',
        'user-agent': agent,
        'automate-execution': execution.id,
        'automate-timestamp': timestamp,
        'automate-signature': `v1=${signature}`,
      },
      refuses,
      signal: this.#closed.signal,
    });
  }
}

/** What follows a try that failed. */
function judge(
  { endedAt = 0, callbackTries = 1 }: StoredExecution,
  now: number,
): 'failed' | { readonly afterMs: number } {
  const longest = Math.min(FIRST_WAIT_MS * 2 ** (callbackTries - 1), LONGEST_CALLBACK_WAIT_MS);
  const afterMs = Math.ceil(longest * (0.5 + Math.random() / 2));
  return now + afterMs > endedAt + FOR_MS ? 'failed' : { afterMs };
}
