import { didYouMean, quote } from '@automate/contract';
import type { StandardSchemaV1 } from '@standard-schema/spec';

/** One thing that is wrong, with what would have been right there. */
export interface ExplainedIssue {
  readonly keys: readonly PropertyKey[];
  readonly expected: string;
  readonly message: string;
  /** What was found, where the value at this place does not say it. */
  readonly received?: string;
}

/** What zod adds to an issue. Other libraries say everything in the message. */
interface DetailedIssue extends StandardSchemaV1.Issue {
  readonly code?: unknown;
  readonly expected?: unknown;
  /** The words that may stand here. */
  readonly values?: unknown;
  readonly options?: unknown;
  /** The issues of each alternative, with paths below this one. */
  readonly errors?: unknown;
  /** The keys that are none. */
  readonly keys?: unknown;
}

/** More keys than anyone reads, of an object that is something else altogether. */
const MAX_UNKNOWN_KEYS = 20;

/**
 * An issue in words that say what would have been right. Where none of several alternatives fits, that is the faults
 * within the one that was meant, if it can be told which, or else what each of them is.
 *
 * @param keysAt the keys that the schema knows at a place; undefined where it does not say
 */
export function explainIssue(
  issue: StandardSchemaV1.Issue,
  keysAt: (place: readonly PropertyKey[]) => readonly string[] | undefined = () => undefined,
): readonly ExplainedIssue[] {
  const { code, expected, values, options, errors, keys: unknown } = issue as DetailedIssue;
  const keys = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  const { message } = issue;
  if (code === 'unrecognized_keys' && Array.isArray(unknown))
    return explainUnknownKeys(keys, unknown.map(String), keysAt(keys));
  if (code === 'invalid_union' && Array.isArray(errors) && errors.length > 0)
    return explainAlternatives(keys, errors as readonly (readonly DetailedIssue[])[], keysAt);
  const words = [values, options].find((list) => Array.isArray(list) && list.length > 0);
  if (words !== undefined) {
    const choice = listWords(
      (words as readonly unknown[]).map((word) => (typeof word === 'bigint' ? `${word}` : JSON.stringify(word))),
    );
    return [{ keys, expected: choice, message: `expected ${choice}` }];
  }
  if (typeof expected !== 'string') return [{ keys, expected: message.replace(/^expected /, ''), message }];
  // JSON has no `undefined`.
  return [
    {
      keys,
      expected,
      message: message.replace(/^Invalid input: /, '').replace(/received undefined$/, 'received nothing'),
    },
  ];
}

/** The value of a key that is none may be a secret that was put in the wrong place, and is not repeated. */
function explainUnknownKeys(
  place: readonly PropertyKey[],
  unknown: readonly string[],
  known: readonly string[] | undefined,
): readonly ExplainedIssue[] {
  const list = known === undefined || known.length === 0 ? 'no such key' : `one of the keys ${listWords(known)}`;
  const explained = unknown.slice(0, MAX_UNKNOWN_KEYS).map((key) => {
    const meant = known === undefined ? '' : didYouMean(key, known);
    const expected = meant === '' ? list : `a known key${meant}`;
    const received = `the key ${quote(key)}`;
    return { keys: [...place, key], expected, received, message: `expected ${expected}, received ${received}` };
  });
  const more = unknown.length - explained.length;
  if (more === 0) return explained;
  return [
    ...explained,
    { keys: place, expected: list, received: `${more} more keys`, message: `has ${more} more unknown keys` },
  ];
}

function explainAlternatives(
  keys: readonly PropertyKey[],
  alternatives: readonly (readonly DetailedIssue[])[],
  keysAt: (place: readonly PropertyKey[]) => readonly string[] | undefined,
): readonly ExplainedIssue[] {
  const meant = alternatives.filter((issues) => !issues.some(isOfAnotherType));
  if (meant.length === 1)
    return (meant[0] ?? [])
      .flatMap((issue) => explainIssue(issue, (place) => keysAt([...keys, ...place])))
      .map((issue) => ({ ...issue, keys: [...keys, ...issue.keys] }));
  const words = alternatives.flatMap((issues) => {
    const [first] = issues.flatMap((issue) => explainIssue(issue));
    if (first === undefined) return [];
    return first.keys.length === 0 ? [first.expected] : [`one with ${first.keys.join('.')}: ${first.expected}`];
  });
  const expected = listWords([...new Set(words)]);
  return [{ keys, expected, message: `expected ${expected}` }];
}

/** An alternative that fails at the root is not the one that was meant. */
function isOfAnotherType({ code, path = [] }: DetailedIssue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value' || code === 'invalid_union');
}

/** `a, b or c` */
function listWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}
