import { quote } from './quote.ts';

/** The known word that someone who wrote this one probably meant, if one is close: two slips at most. */
export function closestWord(word: string, known: readonly string[]): string | undefined {
  const plain = simplify(word);
  if (plain.length > 40) return undefined;
  let best: string | undefined;
  let least = plain.length <= 3 ? 2 : 3;
  for (const candidate of known) {
    const simple = simplify(candidate);
    // Each letter that one has more than the other is a slip.
    if (Math.abs(simple.length - plain.length) >= least) continue;
    const slips = distance(plain, simple);
    if (slips < least) {
      least = slips;
      best = candidate;
    }
  }
  return best;
}

/** ` (did you mean "x"?)`, to be put behind the word, or nothing where no known word is close. */
export function didYouMean(word: string, known: readonly string[]): string {
  const closest = closestWord(word, known);
  return closest === undefined ? '' : ` (did you mean ${quote(closest)}?)`;
}

/** Makes `healthCheck`, `health-check` and `health_check` the same word. */
function simplify(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
