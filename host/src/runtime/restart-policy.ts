/** Numbers of the policy, all in milliseconds but the counts. */
export interface RestartPolicyOptions {
  /** Crashes, or failed starts among them, within `windowMs` that lead to quarantine. Default 5 in 60 s. */
  readonly maxCrashes: number;
  readonly windowMs: number;
  /** Starts failing in a row that lead to quarantine. Default 3. */
  readonly maxFailedStarts: number;
  /** Delay before the second restart; the first comes at once. Doubles each time. Default 250 ms. */
  readonly initialDelayMs: number;
  /** Default 30 s. */
  readonly maxDelayMs: number;
  /** First quarantine; doubles each time the trial that ends it fails. Default 30 s. */
  readonly quarantineMs: number;
  /** Default 5 min. */
  readonly maxQuarantineMs: number;
  /** A worker that has lived so long has made good for all before. Default 60 s. */
  readonly stableMs: number;
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

const RESTART_DEFAULTS: RestartPolicyOptions = {
  maxCrashes: 5,
  windowMs: 60_000,
  maxFailedStarts: 3,
  initialDelayMs: 250,
  maxDelayMs: 30_000,
  quarantineMs: 30_000,
  maxQuarantineMs: 300_000,
  stableMs: 60_000,
  now: () => Date.now(),
  random: () => Math.random(),
};

/** When the next start may be. */
export type RestartVerdict =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'backing-off' | 'quarantined'; readonly retryAt: number };

/**
 * Decides when a worker that died or did not start may be started again: exponential back-off with full jitter, then
 * quarantine, then one trial; a trial that dies before it is stable doubles the quarantine. It owns no timer and no
 * thread: whoever wants a worker asks.
 */
export class RestartPolicy {
  readonly #options: RestartPolicyOptions;
  #failureTimes: number[] = [];
  #failures = 0;
  #failedStarts = 0;
  #quarantines = 0;
  #trial = false;
  #runningSince: number | undefined;
  #waiting: { readonly kind: 'backing-off' | 'quarantined'; readonly retryAt: number } | undefined;

  constructor(options: Partial<RestartPolicyOptions> = {}) {
    this.#options = { ...RESTART_DEFAULTS, ...options };
  }

  /** Crashes and failed starts in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether a start may begin now. */
  verdict(): RestartVerdict {
    const waiting = this.#waiting;
    return waiting === undefined || waiting.retryAt <= this.#options.now() ? { kind: 'allowed' } : waiting;
  }

  /** A start begins. */
  starting(): void {
    this.#trial = this.#waiting?.kind === 'quarantined';
    this.#waiting = undefined;
    this.#runningSince = undefined;
  }

  /** The start came off. */
  running(): void {
    this.#failedStarts = 0;
    this.#runningSince = this.#options.now();
  }

  /** The start failed. Answers when the next one may be. */
  startFailed(): Exclude<RestartVerdict, { kind: 'allowed' }> {
    this.#failedStarts += 1;
    return this.#fail(this.#failedStarts >= this.#options.maxFailedStarts);
  }

  /** The running worker died. Answers when the next start may be. */
  crashed(): Exclude<RestartVerdict, { kind: 'allowed' }> {
    const { now, stableMs } = this.#options;
    if (this.#runningSince !== undefined && now() - this.#runningSince >= stableMs) this.reset();
    return this.#fail(false);
  }

  /** Forgets everything: the next start may be at once. */
  reset(): void {
    this.#failureTimes = [];
    this.#failures = 0;
    this.#failedStarts = 0;
    this.#quarantines = 0;
    this.#trial = false;
    this.#runningSince = undefined;
    this.#waiting = undefined;
  }

  #fail(tooOften: boolean): { readonly kind: 'backing-off' | 'quarantined'; readonly retryAt: number } {
    const now = this.#options.now();
    this.#failures += 1;
    this.#runningSince = undefined;
    this.#failureTimes = [...this.#failureTimes.filter((time) => time > now - this.#options.windowMs), now];
    const quarantined = tooOften || this.#trial || this.#failureTimes.length >= this.#options.maxCrashes;
    const delay = quarantined ? this.#nextQuarantine() : this.#nextDelay();
    this.#waiting = { kind: quarantined ? 'quarantined' : 'backing-off', retryAt: now + delay };
    return this.#waiting;
  }

  #nextDelay(): number {
    const { initialDelayMs, maxDelayMs, random } = this.#options;
    if (this.#failures <= 1) return 0;
    return Math.round(random() * Math.min(maxDelayMs, initialDelayMs * 2 ** (this.#failures - 2)));
  }

  #nextQuarantine(): number {
    const { quarantineMs, maxQuarantineMs } = this.#options;
    const delay = Math.min(maxQuarantineMs, quarantineMs * 2 ** this.#quarantines);
    this.#quarantines += 1;
    // The failures that led to quarantine no longer count; but a trial that fails leads to quarantine at once.
    this.#failureTimes = [];
    this.#failedStarts = 0;
    return delay;
  }
}
