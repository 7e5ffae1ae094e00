import { action } from '@automate/sdk';
import { z } from 'zod';
import type { GrafanaApi } from '../grafana-api.ts';
import { frame, queryInput, runQueries } from '../query-frames.ts';

const output = z.object({
  results: z.record(z.string(), z.object({ frames: z.array(frame) })).describe('Frames of each query, by its ref_id'),
});

/** Data from any data source that Grafana knows. */
export const query = (grafana: GrafanaApi) =>
  action({
    description: 'Asks data sources through Grafana and gives their data as frames of columns.',
    input: queryInput,
    output,
    sideEffects: false,
    idempotent: true,
    run: async (payload, { http }) => ({ results: await runQueries(grafana, http, payload) }),
  });
