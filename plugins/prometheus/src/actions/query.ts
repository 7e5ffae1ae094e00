import { action } from '@automate/sdk';
import { z } from 'zod';
import { duration, limit, timestamp } from '../inputs.ts';
import { queryData, queryResult } from '../outputs.ts';
import { askPrometheus } from '../prometheus-client.ts';
import { toQueryResult } from '../query-result.ts';

const input = z.strictObject({
  query: z.string().min(1).describe('PromQL'),
  time: timestamp.optional().describe('Default: now'),
  timeout: duration.optional().describe("Most time the server may take. Default: the server's own"),
  limit: limit.optional().describe('Most series of the answer; `truncated` tells whether there were more'),
});

/** The value of an expression at one moment. */
export const query = action({
  description: 'Evaluates a PromQL expression at one moment.',
  input,
  output: queryResult,
  sideEffects: false,
  idempotent: true,
  async run(payload, { http }) {
    const answer = await askPrometheus(http, { path: '/api/v1/query', post: true, params: payload, data: queryData });
    return toQueryResult(answer, payload.limit);
  },
});
