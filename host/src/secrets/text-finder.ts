import { MIN_SECRET_LENGTH } from './secret-forms.ts';

/** Where a known text stands in another. */
export interface TextMatch {
  readonly start: number;
  readonly end: number;
}

/** Finds many known texts at once in one pass. */
export interface TextFinder {
  /** The first match at or after `from`; where several start together, the longest. */
  find(text: string, from: number): TextMatch | undefined;
}

const WINDOW = MIN_SECRET_LENGTH;
const BASE = 31;
/** What the character that leaves the window contributed to the hash. */
const LEAVING = (BASE ** (WINDOW - 1)) | 0;
const SLOTS = 1 << 16;

/**
 * A finder after Rabin and Karp: a rolling hash over as many characters as the shortest text has, a table that says
 * which hashes matter, and a look at the text itself only there. The time is that of one pass, however many texts.
 *
 * @param texts each at least `MIN_SECRET_LENGTH` long
 */
export function createTextFinder(texts: Iterable<string>): TextFinder {
  const byStart = new Map<string, string[]>();
  const slots = new Uint8Array(SLOTS);
  for (const text of texts) {
    const start = text.slice(0, WINDOW);
    const others = byStart.get(start);
    if (others === undefined) byStart.set(start, [text]);
    else others.push(text);
    slots[slotOf(hashAt(start, 0))] = 1;
  }
  for (const group of byStart.values()) group.sort((a, b) => b.length - a.length);

  return {
    find(text, from) {
      if (text.length - from < WINDOW) return undefined;
      let hash = hashAt(text, from);
      for (let start = from; ; start++) {
        if (slots[slotOf(hash)] === 1) {
          const found = byStart.get(text.slice(start, start + WINDOW))?.find((known) => text.startsWith(known, start));
          if (found !== undefined) return { start, end: start + found.length };
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
