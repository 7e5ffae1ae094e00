import { didYouMean } from '../closest-word.ts';
import type { PathStep } from '../problem-path.ts';
import { HIDDEN_KEY, isName } from './describe-received.ts';
import type { Finding } from './finding.ts';

/** More suggestions than anyone reads. */
const MAX_SUGGESTIONS = 50;

/** What to say of keys that the map at this path does not have. A key that may be a secret is not repeated. */
export function explainUnknownKeys(
  keys: readonly string[],
  known: readonly string[],
  path: readonly PathStep[] = [],
): readonly Finding[] {
  const list = `one of the keys ${known.join(', ')}`;
  return keys.map((key, index) => {
    if (!isName(key, path)) return { path: [...path, HIDDEN_KEY], expected: list, received: 'a key of another form' };
    // Comparing words takes its time, and a file may have tens of thousands of wrong keys.
    const closest = index < MAX_SUGGESTIONS ? didYouMean(key, known) : '';
    const expected = closest === '' ? list : `a known key${closest}`;
    return { path: [...path, key], expected, received: `the key "${key}"` };
  });
}
