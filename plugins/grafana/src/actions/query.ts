import { action } from '@automate/sdk';
import { z } from 'zod';
import type { GrafanaApi } from '../grafana-api.ts';
import { jsonValue } from '../grafana-api.ts';
import { frame, runQueries } from '../query-frames.ts';

const input = z.strictObject({
  queries: z
    .array(
      z.strictObject({
        ref_id: z
          .string()
          .regex(/^(?!__proto__$)[A-Za-z0-9_]+$/)
          .default('A')
          .describe('Name of the query in the result'),
        datasource_uid: z.string().min(1).describe('Uid of the data source, from `list_datasources`'),
        model: z
          .record(z.string(), jsonValue)
          .describe('The query as the data source wants it; for Prometheus `{"expr":"up","instant":true}`'),
      }),
    )
    .min(1)
    .refine((queries) => new Set(queries.map(({ ref_id }) => ref_id)).size === queries.length, {
      error: 'expected each query to have a ref_id of its own',
    }),
  from: z.string().min(1).default('now-1h').describe('Begin: `now-1h`, or milliseconds since the epoch as text'),
  to: z.string().min(1).default('now').describe('End, likewise'),
  interval_ms: z.int().positive().optional().describe('Distance between two points, in milliseconds'),
  max_data_points: z.int().positive().optional().describe('Most points of one series'),
});

const output = z.object({
  results: z.record(z.string(), z.object({ frames: z.array(frame) })).describe('Frames of each query, by its ref_id'),
});

/** Data from any data source that Grafana knows. */
export const query = (grafana: GrafanaApi) =>
  action({
    description: 'Asks data sources through Grafana and gives their data as frames of columns.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    run: async (payload, { http }) => ({ results: await runQueries(grafana, http, payload) }),
  });

export type QueryInput = z.output<typeof input>;
