import { positionOf, scanJson } from '@automate/contract/json-text';
import { describeValue } from './describe-value.ts';

/** JSON text as a value, or what is wrong with it and where. */
export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly expected: string; readonly received: string };

/** Parses the text of a package.json. A byte order mark is passed over, as npm and Node.js do. */
export function parseJson(text: string): ParsedJson {
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  try {
    return { ok: true, value: JSON.parse(body) as unknown };
  } catch {
    // V8 gives a position for some faults only, so the place is looked for separately.
    return { ok: false, ...locateProblem(body) };
  }
}

function locateProblem(text: string): { expected: string; received: string } {
  const scan = scanJson(text);
  if (scan.ok) return { expected: 'valid JSON', received: 'text that JSON.parse refuses' };
  const { line, column } = positionOf(text, scan.offset);
  const rest = text.slice(scan.offset, scan.offset + 20).split('\n', 1)[0] ?? '';
  const found = scan.offset >= text.length ? 'the end of the file' : describeValue(rest);
  return { expected: `valid JSON: ${scan.expected}`, received: `${found} at line ${line}, column ${column}` };
}
