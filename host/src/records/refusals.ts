import type { AuditLog } from './audit-log.ts';
import type { AuditNews } from './audit-news.ts';

/** Within so many milliseconds what is refused again is counted. */
const WINDOW_MS = 60_000;
/** Refusals of different kinds that have records of their own within that time; of others only the number. */
const MOST_KINDS = 10;

/** A refusal, and how many there were after it that differ in nothing but the time. */
interface Counted {
  readonly news: AuditNews;
  more: number;
}

/**
 * Takes down who was refused, as often as that may happen: whoever knocks without end fills no disk with records, and crowds out no others.
 * In a minute there are some twenty records at most, and those that have none of their own are counted.
 */
export class Refusals {
  readonly #audit: Pick<AuditLog, 'note'>;
  readonly #windowMs: number;
  readonly #counted = new Map<string, Counted>();
  #others: Counted | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(audit: Pick<AuditLog, 'note'>, windowMs = WINDOW_MS) {
    this.#audit = audit;
    this.#windowMs = windowMs;
  }

  note(news: AuditNews): void {
    this.#timer ??= setTimeout(() => this.flush(), this.#windowMs).unref();
    const { at: _at, payload: _payload, traceparent: _trace, ...rest } = news;
    const key = JSON.stringify(Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const before = this.#counted.get(key);
    if (before !== undefined) before.more += 1;
    else if (this.#counted.size < MOST_KINDS) {
      this.#counted.set(key, { news, more: 0 });
      this.#audit.note(news);
    } else if (this.#others !== undefined) this.#others.more += 1;
    else this.#others = { news, more: 1 };
  }

  /** Takes down the numbers of those that were counted so far. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const at = Date.now();
    for (const { news, more } of this.#counted.values())
      if (more > 0) this.#audit.note({ ...news, at, subject: `${subjectOf(news)}${more} more like this` });
    if (this.#others !== undefined) {
      const { news, more } = this.#others;
      const { kind, operation, code } = news;
      const subject = `${more} others, of whom one is: ${news.principal}, ${news.door}, ${news.subject ?? operation}`;
      this.#audit.note({ at, kind, operation, principal: 'unknown', door: 'local', subject, code });
    }
    this.#counted.clear();
    this.#others = undefined;
  }
}

function subjectOf({ subject }: AuditNews): string {
  return subject === undefined ? '' : `${subject}, `;
}
