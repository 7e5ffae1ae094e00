import { z } from 'zod';
import { duration, limit, NARROW_QUERY, timestamp } from '../inputs.ts';
import { queryData, queryResult } from '../outputs.ts';
import type { PrometheusApi } from '../prometheus-api.ts';
import { toEvaluationTimes } from '../prometheus-api.ts';
import { toQueryResult } from '../query-result.ts';
import { readAction } from '../read-action.ts';

/** The values of an expression over a span of time. */
export const queryRange = (api: PrometheusApi) =>
  readAction(api, {
    description: 'Evaluates a PromQL expression over a span of time, one point each step.',
    input: {
      query: z.string().min(1).describe('PromQL'),
      start: timestamp.describe('First point: Unix seconds, RFC 3339, or relative such as "now-1h"'),
      end: timestamp.default('now').describe('Latest point'),
      step: duration.describe('Distance between two points: seconds, or a duration such as "30s"'),
      timeout: duration.optional().describe("Most time the server may take. Default: the server's own"),
      limit: limit.optional().describe('Most series of the answer; `truncated` tells whether there were more'),
    },
    output: queryResult,
    narrow: `a larger \`step\`, a shorter span, ${NARROW_QUERY}`,
    async run({ query, start, end, step, timeout, limit: most }, ask) {
      const params = { query, ...toEvaluationTimes({ start, end }), step, timeout };
      return toQueryResult(
        await ask({ path: '/api/v1/query_range', post: true, params, limit: most, data: queryData }),
      );
    },
  });
