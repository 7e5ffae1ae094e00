import { action } from '@automate/sdk';
import { z } from 'zod';
import { seriesFilter } from '../inputs.ts';
import { nameList } from '../outputs.ts';
import { askPrometheus, toListParams } from '../prometheus-client.ts';
import { cutToLimit } from '../truncate.ts';

const input = z.strictObject({
  label: z
    .string()
    // The name becomes part of the path. Other names than these are written in the `U__` form, which fits as well.
    .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/)
    .describe('Name of the label, e.g. `job`; `__name__` lists the metrics'),
  ...seriesFilter,
});

/** Values of one label. */
export const labelValues = action({
  description: 'Lists the values of one label, over all series or those that match.',
  input,
  output: nameList,
  sideEffects: false,
  idempotent: true,
  async run({ label, ...filter }, { http }) {
    const answer = await askPrometheus(http, {
      path: `/api/v1/label/${label}/values`,
      params: toListParams(filter),
      data: z.array(z.string()),
    });
    return { ...cutToLimit(answer.data, filter.limit, answer.remarks), ...answer.remarks };
  },
});
