import type { z } from 'zod';
import type { queryData, QueryResult } from './outputs.ts';
import type { PrometheusAnswer } from './prometheus-client.ts';
import { cutToLimit } from './truncate.ts';

/** A query's answer in this connector's words. */
export function toQueryResult(answer: PrometheusAnswer<z.output<typeof queryData>>, limit?: number): QueryResult {
  const { data, remarks } = answer;
  switch (data.resultType) {
    case 'vector': {
      const { values, truncated } = cutToLimit(data.result, limit, remarks);
      return { result_type: 'vector', result: values, truncated, ...remarks };
    }
    case 'matrix': {
      const { values, truncated } = cutToLimit(data.result, limit, remarks);
      return { result_type: 'matrix', result: values, truncated, ...remarks };
    }
    default:
      return { result_type: data.resultType, result: data.result, truncated: false, ...remarks };
  }
}
