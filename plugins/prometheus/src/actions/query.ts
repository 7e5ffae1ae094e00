import { z } from 'zod';
import { duration, limit, NARROW_QUERY, timestamp } from '../inputs.ts';
import { queryData, queryResult } from '../outputs.ts';
import type { PrometheusApi } from '../prometheus-api.ts';
import { toEvaluationTimes } from '../prometheus-api.ts';
import { toQueryResult } from '../query-result.ts';
import { readAction } from '../read-action.ts';

/** The value of an expression at one moment. */
export const query = (api: PrometheusApi) =>
  readAction(api, {
    description: 'Evaluates a PromQL expression at one moment.',
    input: {
      query: z.string().min(1).describe('PromQL'),
      time: timestamp.optional().describe('Default: now'),
      timeout: duration.optional().describe("Most time the server may take. Default: the server's own"),
      limit: limit.optional().describe('Most series of the answer; `truncated` tells whether there were more'),
    },
    output: queryResult,
    narrow: NARROW_QUERY,
    async run({ query: expression, time, timeout, limit: most }, ask) {
      const params = { query: expression, ...toEvaluationTimes({ time }), timeout };
      return toQueryResult(await ask({ path: '/api/v1/query', post: true, params, limit: most, data: queryData }));
    },
  });
