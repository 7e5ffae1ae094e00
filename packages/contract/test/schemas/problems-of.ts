import type { Problem } from '@automate/contract';
import { parseConnectorConfig } from '../../src/schemas/index.ts';
import type { ParseOptions } from '../../src/schemas/index.ts';

/** The problems of a configuration, each as `path: expected …, received …`; none for a right one. */
export function problemsOf(value: unknown, options?: ParseOptions): readonly string[] {
  const parsed = parseConnectorConfig(value, options);
  return parsed.ok ? [] : parsed.problems.map(sentence);
}

export function sentence({ path, expected, received }: Pick<Problem, 'path' | 'expected' | 'received'>): string {
  return `${path}: expected ${expected}, received ${received}`;
}
