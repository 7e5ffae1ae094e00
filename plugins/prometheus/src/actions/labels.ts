import { action } from '@automate/sdk';
import { z } from 'zod';
import { seriesFilter } from '../inputs.ts';
import { nameList } from '../outputs.ts';
import { askPrometheus, toListParams } from '../prometheus-client.ts';
import { cutToLimit } from '../truncate.ts';

const input = z.strictObject(seriesFilter);

/** Names of labels. */
export const labels = action({
  description: 'Lists the names of labels, of all series or of those that match.',
  input,
  output: nameList,
  sideEffects: false,
  idempotent: true,
  async run(payload, { http }) {
    const answer = await askPrometheus(http, {
      path: '/api/v1/labels',
      post: true,
      params: toListParams(payload),
      data: z.array(z.string()),
    });
    return { ...cutToLimit(answer.data, payload.limit, answer.remarks), ...answer.remarks };
  },
});
