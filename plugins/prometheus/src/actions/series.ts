import { z } from 'zod';
import { NARROW_LISTING, selectors, seriesFilter } from '../inputs.ts';
import { labels, remarks, truncated } from '../outputs.ts';
import type { PrometheusApi } from '../prometheus-api.ts';
import { toListParams } from '../prometheus-api.ts';
import { readAction } from '../read-action.ts';

/** Series by their labels. */
export const series = (api: PrometheusApi) =>
  readAction(api, {
    description: 'Lists the time series that match at least one selector, by their labels.',
    input: { ...seriesFilter, match: selectors.min(1).describe('Series selectors, at least one') },
    output: z.object({ series: z.array(labels), truncated, ...remarks }),
    narrow: NARROW_LISTING,
    async run({ limit, ...filter }, ask) {
      const {
        data,
        truncated: cut,
        remarks: rest,
      } = await ask({
        path: '/api/v1/series',
        post: true,
        params: toListParams(filter),
        limit,
        data: z.array(labels),
      });
      return { series: data, truncated: cut, ...rest };
    },
  });
