import type { z } from 'zod';
import type { queryData, QueryResult } from './outputs.ts';
import type { PrometheusAnswer } from './prometheus-api.ts';

/** A query's answer in this connector's words. */
export function toQueryResult(answer: PrometheusAnswer<z.output<typeof queryData>>): QueryResult {
  const { data, truncated, remarks } = answer;
  const { resultType, result } = data;
  return { result_type: resultType, result, truncated, ...remarks } as QueryResult;
}
