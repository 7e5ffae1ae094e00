import type {
  CallOptions,
  FollowFilter,
  JsonObject,
  LineLevel,
  LogEvent,
  LogFilter,
  LogLine,
} from '@automate/contract';
import { clipText, isJsonObject, LINE_LEVELS } from '@automate/contract';
import { Unread } from '../events/unread.ts';

/** Of this host alone. */
type FollowedLines = Omit<FollowFilter, 'after'> & { readonly after?: number };

/** Most lines that are kept of one connector, and of the host itself. */
const MOST_LINES = 1_000;
/** Most characters of one, of those of one connector, and of all. */
const LINE_LENGTH = 16 * 1024;
const CONNECTOR_LENGTH = 256 * 1024;
const TOTAL_LENGTH = 32 * 1024 * 1024;
/** Longest message of a line that was too long. */
const CLIPPED_LENGTH = 4 * 1024;
/** Lines that a slow reader may leave unread before it misses the oldest of them, and how many it then misses at once. */
const MAX_UNREAD = 1_000;
const MISSED_AT_ONCE = 250;
/** Lines that are given where nobody says how many. */
const DEFAULT_LIMIT = 100;

/** A line as it was written, without known secrets. */
interface Kept {
  readonly seq: number;
  readonly level: LineLevel;
  readonly connector: string | undefined;
  /** One JSON object. */
  readonly text: string;
}

/** Those of one connector. */
interface Strand {
  lines: Kept[];
  length: number;
  /** `seq` of the newest that was let go; 0: none was. */
  dropped: number;
}

type Queued = Kept | { readonly missed: number | undefined } | 'synced';

interface Follower {
  readonly filter: FollowedLines;
  readonly unread: Unread<Queued>;
}

/**
 * The end of the log, kept in memory for who asks over the API: as it was written, so that it holds no more secrets than the log
 * does. What is kept is bounded in lines and characters, of each connector and in all, and so is what waits for a slow reader.
 */
export class LogTail {
  readonly #strands = new Map<string | undefined, Strand>();
  readonly #followers = new Set<Follower>();
  readonly #known = new Set<string>();
  readonly #first = Date.now() * 1000;
  #seq = this.#first;
  #length = 0;
  #closed = false;

  /** Takes a line that was written: one JSON object. */
  add(line: string, level: LineLevel, connector: string | undefined): void {
    if (connector !== undefined && !this.#known.has(connector)) return;
    this.#seq += 1;
    const kept = { seq: this.#seq, level, connector, text: line.length > LINE_LENGTH ? shorten(line) : line };
    this.#keep(kept);
    for (const { filter, unread } of this.#followers) if (matches(kept, filter)) unread.push(kept);
  }

  /** Those that are kept, the oldest first. */
  read(filter: LogFilter): readonly LogLine[] {
    return this.#newest(filter).map(readLine);
  }

  follow(filter: FollowedLines, options: CallOptions): AsyncIterable<LogEvent> {
    const follower = {
      filter,
      unread: new Unread<Queued>({
        first: [...this.#kept(filter), 'synced'],
        // What is kept already may all wait.
        most: MAX_UNREAD + MOST_LINES,
        relieve: dropOldest,
      }),
    };
    if (this.#closed) follower.unread.end();
    else this.#followers.add(follower);
    return this.#read(follower, options);
  }

  /** From now on lines about this connector are kept; of ids that there are not none is. */
  keep(connector: string): void {
    this.#known.add(connector);
  }

  /** Lets go of the lines of a connector that is gone. */
  forget(connector: string): void {
    this.#known.delete(connector);
    this.#length -= this.#strands.get(connector)?.length ?? 0;
    this.#strands.delete(connector);
  }

  close(): void {
    this.#closed = true;
    for (const { unread } of this.#followers) unread.end();
  }

  async *#read(follower: Follower, options: CallOptions): AsyncGenerator<LogEvent, void> {
    try {
      for await (const queued of follower.unread.read(options, 'the log')) yield toEvent(queued);
    } finally {
      this.#followers.delete(follower);
    }
  }

  #keep(kept: Kept): void {
    const strand = this.#strands.get(kept.connector) ?? { lines: [], length: 0, dropped: 0 };
    this.#strands.set(kept.connector, strand);
    strand.lines.push(kept);
    strand.length += kept.text.length;
    this.#length += kept.text.length;
    // A little more at once, as each drop moves all that stay.
    if (strand.lines.length > MOST_LINES + MISSED_AT_ONCE || strand.length > CONNECTOR_LENGTH) this.#trim(strand, 1);
    if (this.#length <= TOTAL_LENGTH) return;
    const longest = [...this.#strands.values()].reduce((a, b) => (a.length > b.length ? a : b));
    this.#trim(longest, 0.5);
  }

  /** @param share of what there is that stays, at most */
  #trim(strand: Strand, share: number): void {
    const bound = Math.min(strand.length * share, CONNECTOR_LENGTH);
    let gone = Math.max(0, strand.lines.length - MOST_LINES);
    let length = strand.lines.slice(0, gone).reduce((sum, { text }) => sum + text.length, 0);
    for (; strand.length - length > bound && gone < strand.lines.length; gone += 1)
      length += strand.lines[gone]?.text.length ?? 0;
    strand.dropped = strand.lines[gone - 1]?.seq ?? strand.dropped;
    strand.lines = strand.lines.slice(gone);
    strand.length -= length;
    this.#length -= length;
  }

  #strandsOf({ connector }: LogFilter): readonly Strand[] {
    if (connector === undefined) return [...this.#strands.values()];
    return [this.#strands.get(connector)].filter((strand) => strand !== undefined);
  }

  #newest(filter: LogFilter): readonly Kept[] {
    const { limit = DEFAULT_LIMIT } = filter;
    const found = this.#strandsOf(filter).flatMap(({ lines }) =>
      lines
        .slice(-MOST_LINES)
        .filter((line) => matches(line, filter))
        .slice(-limit),
    );
    return found.toSorted((a, b) => a.seq - b.seq).slice(-limit);
  }

  /** What a follower is told first. */
  #kept(filter: FollowedLines): readonly Queued[] {
    const { after } = filter;
    if (after === undefined) return this.#newest(filter);
    const strands = this.#strandsOf(filter);
    const isCut = after < this.#first ? after > 0 : strands.some(({ dropped }) => dropped > after);
    const lines = strands.flatMap(({ lines: all }) => all.filter((line) => line.seq > after && matches(line, filter)));
    const told = lines.toSorted((a, b) => a.seq - b.seq).slice(-MOST_LINES);
    return [...(isCut || told.length < lines.length ? [{ missed: undefined }] : []), ...told];
  }
}

function matches({ level, connector }: Kept, filter: LogFilter): boolean {
  if (filter.connector !== undefined && filter.connector !== connector) return false;
  return filter.level === undefined || LINE_LEVELS.indexOf(level) >= LINE_LEVELS.indexOf(filter.level);
}

/** The oldest that wait become one word of how many they were. */
function dropOldest(unread: Queued[]): Queued[] {
  const gone = unread.slice(0, MISSED_AT_ONCE + 1);
  const rest = unread.slice(MISSED_AT_ONCE + 1);
  const told = gone.flatMap((queued) => (isMissed(queued) ? [queued.missed] : []));
  const lines = gone.filter((queued) => queued !== 'synced' && !isMissed(queued)).length;
  const missed = told.includes(undefined) ? undefined : told.reduce<number>((sum, count) => sum + (count ?? 0), lines);
  return [{ missed }, ...(gone.includes('synced') ? (['synced'] as const) : []), ...rest];
}

function isMissed(queued: Queued): queued is Extract<Queued, { readonly missed: unknown }> {
  return queued !== 'synced' && 'missed' in queued;
}

function toEvent(queued: Queued): LogEvent {
  if (queued === 'synced') return { kind: 'synced' };
  if (isMissed(queued)) return { kind: 'missed', ...(queued.missed === undefined ? {} : { count: queued.missed }) };
  return { kind: 'line', line: readLine(queued) };
}

function readLine({ seq, level, connector, text }: Kept): LogLine {
  const { level: _level, time, msg, connector: _connector, source, ...fields } = parseLine(text);
  return {
    seq,
    at: typeof time === 'string' ? time : '',
    level,
    ...(connector === undefined ? {} : { connector }),
    ...(typeof source === 'string' ? { source } : {}),
    message: typeof msg === 'string' ? msg : '',
    ...(Object.keys(fields).length === 0 ? {} : { fields }),
  };
}

/** A line in which a secret was removed may be JSON no more. */
function parseLine(text: string): JsonObject {
  try {
    const line: unknown = JSON.parse(text);
    if (isJsonObject(line)) return line;
  } catch {
    // It is shown as it is.
  }
  return { msg: text };
}

function shorten(text: string): string {
  const { level, time, msg, connector, source } = parseLine(text);
  const message = clipText(typeof msg === 'string' ? msg : '', CLIPPED_LENGTH);
  return JSON.stringify({ level, time, connector, source, msg: message, shortened_from: text.length });
}
