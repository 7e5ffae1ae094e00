import { action, ConnectorError } from '@automate/sdk';
import { z } from 'zod';
import type { GrafanaApi } from '../grafana-api.ts';
import { dashboardUid } from '../grafana-api.ts';

const output = z.object({ deleted: z.literal(true) });

/** Removes one dashboard. */
export const deleteDashboard = (grafana: GrafanaApi) =>
  action({
    description: 'Deletes one dashboard, with all of its versions.',
    input: z.strictObject({ uid: dashboardUid }),
    output,
    sideEffects: true,
    idempotent: true,
    idempotencyKey: false,
    async run({ uid }, { http, repeated }) {
      try {
        await grafana.ask(http, { method: 'DELETE', path: `/api/dashboards/uid/${uid}` }, z.looseObject({}));
      } catch (error) {
        // The attempt before may have deleted it.
        if (!repeated || !ConnectorError.is(error) || error.code !== 'NOT_FOUND') throw error;
      }
      return { deleted: true as const };
    },
  });
