import { MIN_SECRET_LENGTH } from './secret-forms.ts';

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
}

/** Up to so many texts, the engine's own search for each in turn beats one pass of ours (measured: 1 KB in 0.3 against 4 µs). */
const FEW = 64;
const WINDOW = MIN_SECRET_LENGTH;
const BASE = 31;
/** What the character that leaves the window contributed to the hash. */
const LEAVING = (BASE ** (WINDOW - 1)) | 0;
const SLOTS = 1 << 16;

/** Texts that start with the same window. Tokens of one vendor do, so they are looked up, not compared one by one. */
interface Group {
  readonly texts: Set<string>;
  /** Longest first. */
  readonly lengths: number[];
}

/**
 * A finder after Rabin and Karp: a rolling hash over as many characters as the shortest text has, a table that says
 * which hashes matter, and a look at the text itself only there. The time is that of one pass, however many texts.
 *
 * @param texts each at least `MIN_SECRET_LENGTH` long
 */
export function createTextFinder(texts: ReadonlySet<string>): TextFinder {
  const groups = new Map<string, Group>();
  const slots = new Uint8Array(SLOTS);
  for (const text of texts) {
    const start = text.slice(0, WINDOW);
    const group = groups.get(start) ?? { texts: new Set(), lengths: [] };
    group.texts.add(text);
    if (!group.lengths.includes(text.length)) group.lengths.push(text.length);
    groups.set(start, group);
    slots[slotOf(hashAt(start, 0))] = 1;
  }
  for (const { lengths } of groups.values()) lengths.sort((a, b) => b - a);

  return {
    holdsAny(text) {
      if (texts.size > FEW) return this.find(text, 0) !== undefined;
      for (const known of texts) if (text.includes(known)) return true;
      return false;
    },

    find(text, from) {
      if (text.length - from < WINDOW) return undefined;
      let hash = hashAt(text, from);
      for (let start = from; ; start++) {
        if (slots[slotOf(hash)] === 1) {
          const group = groups.get(text.slice(start, start + WINDOW));
          const length = group?.lengths.find((candidate) => group.texts.has(text.slice(start, start + candidate)));
          if (length !== undefined) return { start, end: start + length };
        }
        if (start + WINDOW >= text.length) return undefined;
        hash =
          (Math.imul(hash - Math.imul(text.charCodeAt(start), LEAVING), BASE) + text.charCodeAt(start + WINDOW)) | 0;
      }
    },
  };
}

function hashAt(text: string, start: number): number {
  let hash = 0;
  for (let index = start; index < start + WINDOW; index++) hash = (Math.imul(hash, BASE) + text.charCodeAt(index)) | 0;
  return hash;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 16)) & (SLOTS - 1);
}
