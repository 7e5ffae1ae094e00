import { makeVisible, quote } from './quote.ts';
import type { Problem } from './problem.ts';
import { formatPath } from './problem-path.ts';
import type { JsonFinding } from './scan-json.ts';
import { positionOf, scanJson } from './scan-json.ts';

/** What is wrong with a text that should be JSON, in words. */
export interface JsonTextProblem extends Problem {
  readonly kind: 'syntax' | 'too-deep' | JsonFinding['kind'];
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/**
 * Everything that keeps JSON text from being read as it is written, each with path, line and column: where it is no JSON
 * or deeper than `maxDepth`, keys that stand twice or are called `__proto__`, numbers that would become others.
 */
export function jsonProblems(text: string, options: { readonly maxDepth: number }): readonly JsonTextProblem[] {
  const scan = scanJson(text, options);
  if (scan.ok)
    return scan.findings.map((finding) => ({
      kind: finding.kind,
      offset: finding.offset,
      path: formatPath(finding.path),
      ...WORDS[finding.kind](makeVisible(finding.text.length > 40 ? `${finding.text.slice(0, 40)}…` : finding.text)),
      ...positionOf(text, finding.offset),
    }));
  const { kind, offset, expected, path } = scan;
  // One character tells enough, and cannot be much of a secret.
  const received = offset >= text.length ? 'the end of the text' : quote(text[offset] ?? '');
  return [{ kind, offset, path: formatPath(path), expected, received, ...positionOf(text, offset) }];
}

const WORDS = {
  'duplicate-key': (key) => ({ expected: 'each key once', received: `the key ${key} twice` }),
  'reserved-key': (key) => ({ expected: 'another key: this one is reserved', received: `the key ${key}` }),
  'inexact-number': (number) => ({
    expected: `a number that JSON carries exactly, at most ${Number.MAX_SAFE_INTEGER}: send larger ones as text`,
    received: number,
  }),
} as const satisfies Record<JsonFinding['kind'], (text: string) => Pick<Problem, 'expected' | 'received'>>;
