import { closestWord } from './closest-word.ts';

/** More suggestions than anyone reads. */
const MAX_SUGGESTIONS = 50;

/** What to say of keys that a map does not have. */
export function explainUnknownKeys(
  keys: readonly string[],
  known: readonly string[],
): readonly { readonly key: string; readonly expected: string; readonly received: string }[] {
  const list = `one of the keys ${known.join(', ')}`;
  return keys.map((key, index) => {
    // Comparing words takes its time, and a file may have tens of thousands of wrong keys.
    const closest = index < MAX_SUGGESTIONS ? closestWord(key, known) : undefined;
    const expected = closest === undefined ? list : `a known key (did you mean "${closest}"?)`;
    return { key, expected, received: `the key "${key.slice(0, 60)}"` };
  });
}
