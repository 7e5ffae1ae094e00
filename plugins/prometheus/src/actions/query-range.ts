import { action } from '@automate/sdk';
import { z } from 'zod';
import { duration, limit, timestamp } from '../inputs.ts';
import { queryData, queryResult } from '../outputs.ts';
import { askPrometheus } from '../prometheus-client.ts';
import { toQueryResult } from '../query-result.ts';

const input = z.strictObject({
  query: z.string().min(1).describe('PromQL'),
  start: timestamp.describe('First point: Unix seconds or RFC 3339'),
  end: timestamp.describe('Latest point'),
  step: duration.describe('Distance between two points: seconds, or a duration such as "30s"'),
  timeout: duration.optional().describe("Most time the server may take. Default: the server's own"),
  limit: limit.optional().describe('Most series of the answer; `truncated` tells whether there were more'),
});

/** The values of an expression over a span of time. */
export const queryRange = action({
  description: 'Evaluates a PromQL expression over a span of time, one point each step.',
  input,
  output: queryResult,
  sideEffects: false,
  idempotent: true,
  async run(payload, { http }) {
    const answer = await askPrometheus(http, {
      path: '/api/v1/query_range',
      post: true,
      params: payload,
      data: queryData,
    });
    return toQueryResult(answer, payload.limit);
  },
});
