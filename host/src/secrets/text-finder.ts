/** Where a known text stands in another. */
export interface TextMatch {
  readonly start: number;
  readonly end: number;
}

/** Finds many known texts at once in one pass. */
export interface TextFinder {
  /** Whether any of them stands in the text. */
  holdsAny(text: string): boolean;
  /** The first match at or after `from`; where several start together, the longest. */
  find(text: string, from: number): TextMatch | undefined;
  /** Where the longest beginning of a known text that ends at `end` starts, if it is at least `MIN_PART_LENGTH` long. */
  findCutEnd(text: string, end: number): number | undefined;
  /** Where the longest end of a known text that starts at `start` ends, if it is at least `MIN_PART_LENGTH` long. */
  findCutStart(text: string, start: number): number | undefined;
  /** Characters of the shortest. */
  readonly shortest: number;
  /** Whether a known text holds this character. */
  holdsChar(code: number): boolean;
  /** Whether these may follow each other in a known text: a table tells, in which several may share a place. */
  holdsBlock(first: number, second: number, third: number): boolean;
}

/** A part of a known text is taken for one from so many characters on. */
export const MIN_PART_LENGTH = 8;

/** Up to so many texts, the engine's own search for each beats one pass of ours (measured, 10 KB: 1 µs each against 4 to 25). */
const FEW = 8;
/** Most characters of each text that the pass goes by: longer windows pass faster, and need more of the table. */
const MOST_WINDOW = 16;
/** Characters that are hashed together. */
const BLOCK = 3;
const SLOTS = 1 << 16;

/** Texts that start with the same window. Tokens of one vendor do, so they are looked up, not compared one by one. */
interface Group {
  readonly texts: Set<string>;
  /** Longest first. */
  readonly lengths: number[];
}

/**
 * A finder after Wu and Manber: a window moves over the text, and a table says from its last three characters how far it
 * may move without passing the beginning of a known text. Mostly that is the whole window, so that the pass looks at a
 * fraction of the text, however many texts are known.
 *
 * @param texts each at least `BLOCK` long
 */
export function createTextFinder(texts: ReadonlySet<string>): TextFinder {
  const shortest = texts.values().reduce((least, { length }) => Math.min(least, length), Infinity);
  const window = Math.min(shortest, MOST_WINDOW);
  const groups = groupByStart(texts, window);
  const shifts = new Uint8Array(SLOTS).fill(window - BLOCK + 1);
  for (const start of groups.keys()) {
    for (let at = 0; at + BLOCK <= window; at += 1) {
      const slot = slotAt(start, at);
      shifts[slot] = Math.min(shifts[slot] as number, window - BLOCK - at);
    }
  }
  // Says for each block whether it occurs within any known text, so that most places need no comparison.
  const inner = new Uint8Array(SLOTS);
  const chars = new Uint8Array(0x10000);
  let longest = 0;
  for (const text of texts) {
    longest = Math.max(longest, text.length);
    for (let at = 0; at < text.length; at += 1) chars[text.charCodeAt(at)] = 1;
    for (let at = 0; at + BLOCK <= text.length; at += 1) inner[slotAt(text, at)] = 1;
  }
  const isInner = (text: string, from: number, end: number): boolean => {
    for (let at = from; at + BLOCK <= end; at += 1) if (inner[slotAt(text, at)] === 0) return false;
    return true;
  };

  return {
    holdsAny(text) {
      if (texts.size > FEW) return this.find(text, 0) !== undefined;
      for (const known of texts) if (text.includes(known)) return true;
      return false;
    },

    find(text, from) {
      for (let at = from + window - BLOCK; at + BLOCK <= text.length;) {
        const shift = shifts[slotAt(text, at)] as number;
        if (shift > 0) {
          at += shift;
          continue;
        }
        const start = at + BLOCK - window;
        const group = groups.get(text.slice(start, start + window));
        const length = group?.lengths.find((candidate) => group.texts.has(text.slice(start, start + candidate)));
        if (length !== undefined) return { start, end: start + length };
        at += 1;
      }
      return undefined;
    },

    findCutEnd(text, end) {
      if (end < MIN_PART_LENGTH || !isInner(text, end - MIN_PART_LENGTH, end)) return undefined;
      for (let start = Math.max(0, end - longest + 1); start <= end - MIN_PART_LENGTH; start += 1) {
        const part = text.slice(start, end);
        if (isInner(text, start, end) && some(texts, (known) => known.startsWith(part))) return start;
      }
      return undefined;
    },

    findCutStart(text, start) {
      if (text.length - start < MIN_PART_LENGTH || !isInner(text, start, start + MIN_PART_LENGTH)) return undefined;
      for (let end = Math.min(text.length, start + longest - 1); end >= start + MIN_PART_LENGTH; end -= 1) {
        const part = text.slice(start, end);
        if (isInner(text, start, end) && some(texts, (known) => known.endsWith(part))) return end;
      }
      return undefined;
    },

    shortest,
    holdsChar: (code) => chars[code] === 1,
    holdsBlock: (first, second, third) => inner[slotOf(first, second, third)] === 1,
  };
}

function groupByStart(texts: ReadonlySet<string>, window: number): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const text of texts) {
    const start = text.slice(0, window);
    const group = groups.get(start) ?? { texts: new Set(), lengths: [] };
    group.texts.add(text);
    if (!group.lengths.includes(text.length)) group.lengths.push(text.length);
    groups.set(start, group);
  }
  for (const { lengths } of groups.values()) lengths.sort((a, b) => b - a);
  return groups;
}

function slotAt(text: string, at: number): number {
  return slotOf(text.charCodeAt(at), text.charCodeAt(at + 1), text.charCodeAt(at + 2));
}

function slotOf(first: number, second: number, third: number): number {
  return ((first << 10) ^ (second << 5) ^ third) & (SLOTS - 1);
}

function some<T>(values: Iterable<T>, test: (value: T) => boolean): boolean {
  for (const value of values) if (test(value)) return true;
  return false;
}
