import { hostEnding } from '@automate/contract/service';

/** Where a start stands. `resting`: it is under way and waits for something else than a processor, so that others may start beside it. */
type Phase = 'waiting' | 'working' | 'resting' | 'over';

/** One start: its place in the queue, and then among those that are under way. */
export class StartTurn {
  readonly kind: string;
  readonly #given = Promise.withResolvers<void>();
  readonly #onChange: (turn: StartTurn) => void;
  #phase: Phase = 'waiting';
  #urgent: boolean;
  #cameUp: boolean | undefined;

  constructor(kind: string, urgent: boolean, onChange: (turn: StartTurn) => void) {
    this.kind = kind;
    this.#urgent = urgent;
    this.#onChange = onChange;
    // It may be given up with nobody waiting.
    this.#given.promise.catch(() => {});
  }

  get phase(): Phase {
    return this.#phase;
  }

  get urgent(): boolean {
    return this.#urgent;
  }

  /** Resolves when the start may begin; rejects where it is given up before. */
  get given(): Promise<void> {
    return this.#given.promise;
  }

  /** Somebody waits for it: it goes before those that nobody waits for. */
  hurry(): void {
    if (this.#urgent) return;
    this.#urgent = true;
    this.#onChange(this);
  }

  begin(): void {
    this.#phase = 'working';
    this.#given.resolve();
  }

  /** Whether it uses a processor at the moment. */
  works(working: boolean): void {
    const phase = working ? 'working' : 'resting';
    if (this.#phase === phase || this.#phase === 'waiting' || this.#phase === 'over') return;
    this.#phase = phase;
    this.#onChange(this);
  }

  /** Whether the start came up by itself or, working to the last, had to be ended; undefined: neither is known. */
  get cameUp(): boolean | undefined {
    return this.#cameUp;
  }

  succeed(): void {
    this.#cameUp ??= true;
    this.end();
  }

  /** It has to be ended by force. One that only waits for something does nobody any harm. */
  fail(): void {
    if (this.#phase === 'working') this.#cameUp ??= false;
    this.end();
  }

  /** It is over, or not wanted any more: whoever still waits for it is told the reason. */
  end(reason?: Error): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    if (reason !== undefined) this.#given.reject(reason);
    this.#onChange(this);
  }
}

export interface StartQueueOptions {
  /** Starts that may work at the same time. */
  readonly places: number;
  /** How many of these may be starts that nobody waits for, those of health checks. */
  readonly backgroundPlaces: number;
}

/**
 * Lets a few starts work at the same time, over all connectors and levels; the others wait, those that somebody waits for first,
 * and otherwise in the order in which they came. A start that spins keeps its place until it is ended. So no kind has all
 * places, and kinds whose last start had to be ended share half of them: whatever does not come up, the others do.
 */
export class StartQueue {
  readonly #options: StartQueueOptions;
  /** In the order in which they came. */
  readonly #waiting = new Set<StartTurn>();
  readonly #working = new Set<StartTurn>();
  /** Kinds whose last start had to be ended. */
  readonly #slowKinds = new Set<string>();
  #closed = false;

  constructor(options: StartQueueOptions) {
    this.#options = options;
  }

  /** A turn for a start of this kind; whoever takes it owes an `end`. */
  take(kind: string, urgent: boolean): StartTurn {
    const turn = new StartTurn(kind, urgent, (changed) => this.#onChange(changed));
    if (this.#closed) turn.end(hostEnding());
    else {
      this.#waiting.add(turn);
      this.#advance();
    }
    return turn;
  }

  /** Starts that wait for their turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Gives no more turns: whoever waits for one is told that the host ends. */
  close(): void {
    this.#closed = true;
    for (const turn of this.#waiting) turn.end(hostEnding());
  }

  #onChange(turn: StartTurn): void {
    if (turn.phase === 'over') this.#waiting.delete(turn);
    if (turn.cameUp === false) this.#slowKinds.add(turn.kind);
    if (turn.cameUp === true) this.#slowKinds.delete(turn.kind);
    if (turn.phase === 'working') this.#working.add(turn);
    else this.#working.delete(turn);
    this.#advance();
  }

  #advance(): void {
    for (const urgent of [true, false]) {
      for (const turn of this.#waiting) {
        if (this.#working.size >= this.#options.places) return;
        if (turn.urgent !== urgent || !this.#mayBegin(turn)) continue;
        this.#waiting.delete(turn);
        this.#working.add(turn);
        turn.begin();
      }
    }
  }

  #mayBegin({ kind, urgent }: StartTurn): boolean {
    const { places, backgroundPlaces } = this.#options;
    const isSlow = (turn: Pick<StartTurn, 'kind'>): boolean => this.#slowKinds.has(turn.kind);
    return (
      (urgent || this.#count((turn) => !turn.urgent) < backgroundPlaces) &&
      this.#count((turn) => turn.kind === kind) < Math.max(1, places - 1) &&
      (!isSlow({ kind }) || this.#count(isSlow) < Math.max(1, places / 2))
    );
  }

  #count(matches: (turn: StartTurn) => boolean): number {
    return [...this.#working].filter(matches).length;
  }
}
