import { makeVisible } from '@automate/contract';
import type { StandardSchemaV1 } from '@standard-schema/spec';

/** One thing that is wrong, with what would have been right there. */
export interface ExplainedIssue {
  readonly keys: readonly PropertyKey[];
  readonly expected: string;
  readonly message: string;
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
}

/**
 * An issue in words that say what would have been right. Where none of several alternatives fits, that is the faults
 * within the one that was meant, if it can be told which, or else what each of them is.
 */
export function explainIssue(issue: StandardSchemaV1.Issue): readonly ExplainedIssue[] {
  const { code, expected, values, options, errors } = issue as DetailedIssue;
  const keys = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  // That of unknown keys names them as the caller wrote them.
  const message = code === 'unrecognized_keys' ? makeVisible(issue.message) : issue.message;
  if (code === 'invalid_union' && Array.isArray(errors) && errors.length > 0)
    return explainAlternatives(keys, errors as readonly (readonly DetailedIssue[])[]);
  const words = [values, options].find((list) => Array.isArray(list) && list.length > 0);
  if (words !== undefined) {
    const choice = listWords(
      (words as readonly unknown[]).map((word) => (typeof word === 'bigint' ? `${word}` : JSON.stringify(word))),
    );
    return [{ keys, expected: choice, message: `expected ${choice}` }];
  }
  if (typeof expected !== 'string') return [{ keys, expected: message, message }];
  // JSON has no `undefined`.
  return [
    {
      keys,
      expected,
      message: message.replace(/^Invalid input: /, '').replace(/received undefined$/, 'received nothing'),
    },
  ];
}

function explainAlternatives(
  keys: readonly PropertyKey[],
  alternatives: readonly (readonly DetailedIssue[])[],
): readonly ExplainedIssue[] {
  const meant = alternatives.filter((issues) => !issues.some(isOfAnotherType));
  if (meant.length === 1)
    return (meant[0] ?? []).flatMap(explainIssue).map((issue) => ({ ...issue, keys: [...keys, ...issue.keys] }));
  const words = alternatives.flatMap((issues) => {
    const [first] = issues.flatMap(explainIssue);
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
