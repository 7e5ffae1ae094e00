import { UnavailableError } from '@automate/contract';

/** Blocked threads that a connector may leave behind before it is not started again. */
const MOST_OF_ONE = 2;
/** The same of all connectors together, before kinds that left one behind are not started again and the host is unwell. */
const MOST_IN_ALL = 4;

const WHAT_TO_DO =
  'blocked outside JavaScript, by what took longer than its time, and go on using the machine; the operator must run such kinds with "isolation: process", where they can be ended, and start the host again to be rid of these';

interface Owner {
  readonly connector: string;
  readonly kind: string;
}

/**
 * Counts the threads that were given up and do not end, as they are blocked outside JavaScript. Every one goes on using the
 * machine, so that there may be only so many: of a connector, and then of kinds, since a kind can be registered again and again.
 */
export class AbandonedThreads {
  readonly #owners = new Set<Owner>();
  readonly #onChange: () => void;

  /** @param onChange called when there are more or fewer */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** How many there are in all. */
  get all(): number {
    return this.#owners.size;
  }

  add(connector: string, kind: string, gone: Promise<void>): void {
    const owner = { connector, kind };
    this.#owners.add(owner);
    this.#onChange();
    void gone.then(() => {
      this.#owners.delete(owner);
      this.#onChange();
    });
  }

  of(connector: string): number {
    return this.#count((owner) => owner.connector === connector);
  }

  /** For the log. */
  countsOf(connector: string): Readonly<Record<string, number>> {
    return { blocked_threads: this.of(connector), blocked_in_all: this.all };
  }

  /** Whether a start could leave one too many behind. */
  forbidStart(connector: string, kind: string): boolean {
    if (this.of(connector) >= MOST_OF_ONE) return true;
    return this.all >= MOST_IN_ALL && this.#count((owner) => owner.kind === kind) > 0;
  }

  /** Why a start is forbidden, and who must act. */
  error(connector: string, kind: string): UnavailableError {
    const mine = this.of(connector);
    const whose =
      mine >= MOST_OF_ONE ? `${mine} of its threads are` : `${this.all} threads are, and some of its kind "${kind}",`;
    return new UnavailableError(`"${connector}" is not started again: ${whose} ${WHAT_TO_DO}`, {
      connector,
      retryable: false,
      blame: 'operator',
      details: { reason: 'threads_blocked', threads: mine >= MOST_OF_ONE ? mine : this.all },
    });
  }

  /** Why the host is unwell; undefined where it is not. */
  hostError(): UnavailableError | undefined {
    if (this.all <= MOST_IN_ALL) return undefined;
    const whose = [...new Set([...this.#owners].map(({ connector }) => `"${connector}"`))].join(', ');
    return new UnavailableError(`${this.all} threads, of ${whose}, are ${WHAT_TO_DO}`, {
      retryable: false,
      blame: 'operator',
      details: { reason: 'threads_blocked', threads: this.all },
    });
  }

  #count(matches: (owner: Owner) => boolean): number {
    return [...this.#owners].filter(matches).length;
  }
}
