import { action } from '@automate/sdk';
import { z } from 'zod';
import { selectors, seriesFilter } from '../inputs.ts';
import { labels, remarks, truncated } from '../outputs.ts';
import { askPrometheus, toListParams } from '../prometheus-client.ts';
import { cutToLimit } from '../truncate.ts';

const input = z.strictObject({
  ...seriesFilter,
  match: selectors.min(1).describe('Series selectors, at least one'),
});
const output = z.object({ series: z.array(labels), truncated, ...remarks });

/** Series by their labels. */
export const series = action({
  description: 'Lists the time series that match at least one selector, by their labels.',
  input,
  output,
  sideEffects: false,
  idempotent: true,
  async run(payload, { http }) {
    const answer = await askPrometheus(http, {
      path: '/api/v1/series',
      post: true,
      params: toListParams(payload),
      data: z.array(labels),
    });
    const cut = cutToLimit(answer.data, payload.limit, answer.remarks);
    return { series: cut.values, truncated: cut.truncated, ...answer.remarks };
  },
});
