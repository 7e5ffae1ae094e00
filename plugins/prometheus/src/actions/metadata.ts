import { z } from 'zod';
import { limit } from '../inputs.ts';
import { remarks, truncated } from '../outputs.ts';
import type { PrometheusApi } from '../prometheus-api.ts';
import { readAction } from '../read-action.ts';

const entries = z.array(z.object({ type: z.string(), help: z.string(), unit: z.string().default('') }));

/** Type, help and unit of metrics. Names of metrics begin with a letter, so that none is lost in a record. */
export const metadata = (api: PrometheusApi) =>
  readAction(api, {
    description: 'Gives type, help text and unit of metrics, as their targets declare them.',
    input: {
      metric: z.string().min(1).optional().describe('Only this metric'),
      limit: limit.optional().describe('Most metrics of the answer; `truncated` tells whether there were more'),
    },
    output: z.object({ metadata: z.record(z.string(), entries), truncated, ...remarks }),
    narrow: 'one `metric` or a `limit`',
    async run({ metric, limit: most = Infinity }, ask) {
      const { data, remarks: rest } = await ask({
        path: '/api/v1/metadata',
        // One more than asked for, since the server does not say that its limit has cut anything.
        params: { metric, limit: most === Infinity ? undefined : most + 1 },
        data: z.record(z.string(), entries),
      });
      const all = Object.entries(data);
      return { metadata: Object.fromEntries(all.slice(0, most)), truncated: all.length > most, ...rest };
    },
  });
