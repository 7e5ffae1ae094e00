import { isJsonObject } from '@automate/sdk';

/**
 * Holds a list, or a query's series, to a limit before anybody looks at them. Servers before 2.53 (lists) and 3.1
 * (queries), and VictoriaMetrics, know no limit and send everything.
 */
export function cutToLimit(
  data: unknown,
  limit: number | undefined,
): { readonly data: unknown; readonly cut: boolean } {
  if (limit === undefined) return { data, cut: false };
  if (Array.isArray(data)) return { data: data.slice(0, limit), cut: data.length > limit };
  if (!isJsonObject(data) || !Array.isArray(data['result'])) return { data, cut: false };
  const { result, resultType } = data;
  if ((resultType !== 'vector' && resultType !== 'matrix') || result.length <= limit) return { data, cut: false };
  return { data: { ...data, result: result.slice(0, limit) }, cut: true };
}
