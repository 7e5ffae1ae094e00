import { action } from '@automate/sdk';
import { z } from 'zod';
import { alert, alertData, toAlert } from '../alert.ts';
import { remarks } from '../outputs.ts';
import { askPrometheus } from '../prometheus-client.ts';

const input = z.strictObject({
  state: z.enum(['pending', 'firing']).optional().describe('Only alerts in this state'),
});
const output = z.object({ alerts: z.array(alert), ...remarks });

/** Alerts that are pending or firing now. */
export const alerts = action({
  description: 'Lists the alerts that are pending or firing now.',
  input,
  output,
  sideEffects: false,
  idempotent: true,
  async run({ state }, { http }) {
    const answer = await askPrometheus(http, {
      path: '/api/v1/alerts',
      data: z.object({ alerts: z.array(alertData) }),
    });
    const all = answer.data.alerts.map(toAlert);
    return {
      alerts: state === undefined ? all : all.filter((candidate) => candidate.state === state),
      ...answer.remarks,
    };
  },
});
