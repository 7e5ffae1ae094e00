import { wholeText } from '@automate/sdk/exchange';
import { z } from 'zod';
import { NARROW_LISTING, seriesFilter } from '../inputs.ts';
import { nameList } from '../outputs.ts';
import type { PrometheusApi } from '../prometheus-api.ts';
import { toListParams } from '../prometheus-api.ts';
import { readAction } from '../read-action.ts';

/** Values of one label. */
export const labelValues = (api: PrometheusApi) =>
  readAction(api, {
    description: 'Lists the values of one label, over all series or those that match.',
    input: {
      label: wholeText.min(1).describe('Name of the label, e.g. `job` or `http.status`; `__name__` lists the metrics'),
      ...seriesFilter,
    },
    output: nameList,
    narrow: NARROW_LISTING,
    async run({ label, limit, ...filter }, ask) {
      const { data, truncated, remarks } = await ask({
        path: `/api/v1/label/${toPathSegment(label)}/values`,
        params: toListParams(filter),
        limit,
        data: z.array(z.string()),
      });
      return { values: data, truncated, ...remarks };
    },
  });

/**
 * A label's name as part of a path. Any name can be written in Prometheus's `U__` form, which VictoriaMetrics does not
 * know in all versions: so only what a path cannot carry, or what would be taken for that form, is.
 */
function toPathSegment(label: string): string {
  if (!/\/|^U__|^\.{1,2}$/.test(label)) return encodeURIComponent(label);
  const escaped = Array.from(label, (char) => {
    if (char === '_') return '__';
    return /[a-zA-Z0-9:]/.test(char) ? char : `_${char.codePointAt(0)?.toString(16)}_`;
  });
  return `U__${escaped.join('')}`;
}
