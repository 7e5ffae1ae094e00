import type { Death, KillReason } from '../death.ts';
import { NO_DEATH } from '../death.ts';

/** How long to wait for the other signs of a death after the first one, in milliseconds. */
const SIGNS_MS = 100;

/** A body that has not ended so long after it was given up is stuck outside JavaScript. In milliseconds. */
export const LINGER_MS = 1000;

export interface SignsOfDeathOptions {
  /** Whether what was learnt says why, so that no other sign is waited for once the line is closed. */
  isExplained(death: Death): boolean;
  /** Called once, when all signs have come or have been waited for. */
  onComplete(): void;
}

/**
 * Gathers the signs of one body's death (its line closes, it exits, it says why), which come in no fixed order. The line's
 * end says that everything sent before has come; the others say why. Acting on one alone would lose answers or reasons.
 */
export class SignsOfDeath {
  readonly #options: SignsOfDeathOptions;
  readonly #gone = Promise.withResolvers<void>();
  #death = NO_DEATH;
  #closed = false;
  #complete = false;
  #timer: NodeJS.Timeout | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;

  constructor(options: SignsOfDeathOptions) {
    this.#options = options;
  }

  /** What was learnt so far. */
  get death(): Death {
    return this.#death;
  }

  /** Whether no sign of a death has come. */
  get alive(): boolean {
    return !this.#complete && this.#death.killed === undefined && !this.#closed && this.#timer === undefined;
  }

  /** Whether its line has closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Notes what is no sign by itself. */
  learn(facts: Partial<Death>): void {
    this.#death = { ...this.#death, ...facts };
  }

  /** A sign has come. */
  sign(facts: Partial<Death> = {}): void {
    this.learn(facts);
    if (this.#complete) return;
    if (this.#closed && this.#options.isExplained(this.#death)) this.#end();
    else this.#timer ??= setTimeout(() => this.#lookOnceMore(), SIGNS_MS);
  }

  /** The line has closed. */
  close(): void {
    this.#closed = true;
    this.sign();
  }

  /** The body has exited. */
  exit(facts: Partial<Death>): void {
    clearTimeout(this.#lingerTimer);
    this.#gone.resolve();
    this.sign(facts);
  }

  /** The host ends it; one that is dying already has a reason of its own. False where there is nothing to end any more. */
  kill(reason: KillReason, message: string): boolean {
    if (this.#complete || this.#death.killed !== undefined) return false;
    this.sign(this.#timer === undefined ? { killed: { reason, message } } : {});
    return true;
  }

  /** Something that a death waits for has come, if there is a death. */
  look(): void {
    if (this.#timer !== undefined) this.sign();
  }

  /** It was given up and is there still; it goes when what blocks it does, which settles `gone`. */
  awaitExit(onLinger: (gone: Promise<void>) => void): void {
    this.#lingerTimer = setTimeout(() => onLinger(this.#gone.promise), LINGER_MS).unref();
  }

  /** On a busy machine the time is over before anybody has looked at what came: timers are due before lines are read. */
  #lookOnceMore(): void {
    setImmediate(() => setImmediate(() => this.#end()));
  }

  #end(): void {
    if (this.#complete) return;
    clearTimeout(this.#timer);
    this.#complete = true;
    this.#options.onComplete();
  }
}
