import type { Remarks } from './prometheus-client.ts';

/**
 * Holds a list to its limit and says whether anything is missing. Servers before 2.53 (lists) and 3.1 (queries) know no
 * limit and send everything; newer ones cut by themselves and say so in a warning.
 */
export function cutToLimit<T>(
  values: readonly T[],
  limit: number | undefined,
  remarks: Remarks,
): { readonly values: T[]; readonly truncated: boolean } {
  const cutByServer = remarks.warnings?.some((warning) => warning.includes('truncated due to limit')) ?? false;
  if (limit === undefined || values.length <= limit) return { values: [...values], truncated: cutByServer };
  return { values: values.slice(0, limit), truncated: true };
}
