import { action } from '@automate/sdk';
import { z } from 'zod';
import { limit } from '../inputs.ts';
import { remarks, truncated } from '../outputs.ts';
import { askPrometheus } from '../prometheus-client.ts';
import { cutToLimit } from '../truncate.ts';

const input = z.strictObject({
  metric: z.string().min(1).optional().describe('Only this metric'),
  limit: limit.optional().describe('Most metrics of the answer; `truncated` tells whether there were more'),
});

const entries = z.array(z.object({ type: z.string(), help: z.string(), unit: z.string() }));
const output = z.object({ metadata: z.record(z.string(), entries), truncated, ...remarks });

/** Type, help and unit of metrics. */
export const metadata = action({
  description: 'Gives type, help text and unit of metrics, as their targets declare them.',
  input,
  output,
  sideEffects: false,
  idempotent: true,
  async run({ metric, limit: most }, { http }) {
    const answer = await askPrometheus(http, {
      path: '/api/v1/metadata',
      // One more than asked for, since the server does not say that its limit has cut anything.
      params: { metric, limit: most === undefined ? undefined : most + 1 },
      data: z.record(z.string(), entries),
    });
    const cut = cutToLimit(Object.entries(answer.data), most, answer.remarks);
    return { metadata: Object.fromEntries(cut.values), truncated: cut.truncated, ...answer.remarks };
  },
});
