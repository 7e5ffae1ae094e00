import { z } from 'zod';
import { NARROW_LISTING, seriesFilter } from '../inputs.ts';
import { nameList } from '../outputs.ts';
import type { PrometheusApi } from '../prometheus-api.ts';
import { toListParams } from '../prometheus-api.ts';
import { readAction } from '../read-action.ts';

/** Names of labels. */
export const labels = (api: PrometheusApi) =>
  readAction(api, {
    description: 'Lists the names of labels, of all series or of those that match.',
    input: seriesFilter,
    output: nameList,
    narrow: NARROW_LISTING,
    async run({ limit, ...filter }, ask) {
      const { data, truncated, remarks } = await ask({
        path: '/api/v1/labels',
        post: true,
        params: toListParams(filter),
        limit,
        data: z.array(z.string()),
      });
      return { values: data, truncated, ...remarks };
    },
  });
