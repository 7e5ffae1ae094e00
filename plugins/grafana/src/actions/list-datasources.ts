import { action } from '@automate/sdk';
import { z } from 'zod';
import type { GrafanaApi } from '../grafana-api.ts';

const input = z.strictObject({ type: z.string().min(1).optional().describe('Only of this type, e.g. `prometheus`') });

const datasource = z.object({
  uid: z.string(),
  name: z.string(),
  type: z.string(),
  url: z.string().optional(),
  is_default: z.boolean(),
  read_only: z.boolean(),
});

const output = z.object({ datasources: z.array(datasource) });

const answer = z.array(
  z.object({
    uid: z.string(),
    name: z.string(),
    type: z.string(),
    url: z.string().optional(),
    isDefault: z.boolean().optional(),
    readOnly: z.boolean().optional(),
  }),
);

/** The data sources that queries can be sent to. */
export const listDatasources = (grafana: GrafanaApi) =>
  action({
    description: 'Lists the data sources that `query` can ask.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run({ type }, { http }) {
      const all = await grafana.ask(http, { path: '/api/datasources' }, answer);
      const wanted = type === undefined ? all : all.filter((candidate) => candidate.type === type);
      return {
        datasources: wanted.map(({ uid, name, type: kind, url, isDefault, readOnly }) => ({
          uid,
          name,
          type: kind,
          ...(url === undefined || url === '' ? {} : { url }),
          is_default: isDefault ?? false,
          read_only: readOnly ?? false,
        })),
      };
    },
  });
