import { z } from 'zod';
import { alert, alertData, toAlert } from '../alert.ts';
import { remarks } from '../outputs.ts';
import type { PrometheusApi } from '../prometheus-api.ts';
import { readAction } from '../read-action.ts';

/** Alerts that are pending or firing now. */
export const alerts = (api: PrometheusApi) =>
  readAction(api, {
    description: 'Lists the alerts that are pending or firing now.',
    input: { state: z.enum(['pending', 'firing']).optional().describe('Only alerts in this state') },
    output: z.object({ alerts: z.array(alert), ...remarks }),
    narrow: 'one `state`, or by `query` for the series ALERTS with a selector',
    async run({ state }, ask) {
      const answer = await ask({ path: '/api/v1/alerts', data: z.object({ alerts: z.array(alertData) }) });
      const all = answer.data.alerts.map(toAlert);
      return {
        alerts: state === undefined ? all : all.filter((candidate) => candidate.state === state),
        ...answer.remarks,
      };
    },
  });
