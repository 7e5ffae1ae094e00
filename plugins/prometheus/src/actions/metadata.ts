import { isJsonObject } from '@automate/sdk';
import { z } from 'zod';
import { limit } from '../inputs.ts';
import { remarks, truncated } from '../outputs.ts';
import type { PrometheusApi } from '../prometheus-api.ts';
import { readAction } from '../read-action.ts';

const entries = z.array(z.object({ type: z.string(), help: z.string(), unit: z.string().default('') }));

/** As pairs of name and entries: a record of zod's drops a metric called `__proto__`. */
const byName = z.preprocess(
  (value) => (isJsonObject(value) ? Object.entries(value) : value),
  z.array(z.tuple([z.string(), entries])),
);

const metadataOutput: z.ZodType<Readonly<Record<string, z.output<typeof entries>>>> = z
  .any()
  .meta({ type: 'object', additionalProperties: { type: 'array', items: { type: 'object' } } })
  .describe('By the name of the metric, a list of `{ type, help, unit }`');

/** Type, help and unit of metrics. */
export const metadata = (api: PrometheusApi) =>
  readAction(api, {
    description: 'Gives type, help text and unit of metrics, as their targets declare them.',
    input: {
      metric: z.string().min(1).optional().describe('Only this metric'),
      limit: limit.optional().describe('Most metrics of the answer; `truncated` tells whether there were more'),
    },
    output: z.object({ metadata: metadataOutput, truncated, ...remarks }),
    narrow: 'one `metric` or a `limit`',
    async run({ metric, limit: most = Infinity }, ask) {
      const { data, remarks: rest } = await ask({
        path: '/api/v1/metadata',
        // One more than asked for, since the server does not say that its limit has cut anything.
        params: { metric, limit: most === Infinity ? undefined : most + 1 },
        data: byName,
      });
      return { metadata: Object.fromEntries(data.slice(0, most)), truncated: data.length > most, ...rest };
    },
  });
