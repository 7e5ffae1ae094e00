import { z } from 'zod';
import { labels } from './outputs.ts';

/** An alert as Prometheus sends it. */
export const alertData = z.object({
  labels,
  annotations: labels.nullish(),
  state: z.string(),
  activeAt: z.string().nullish(),
  value: z.string().default(''),
});

/** An alert in this connector's words. */
export const alert = z.object({
  labels,
  annotations: labels,
  state: z.string().describe('"pending" or "firing"'),
  active_at: z.string().optional(),
  value: z.string(),
});

export function toAlert(data: z.output<typeof alertData>): z.output<typeof alert> {
  return {
    labels: data.labels,
    annotations: data.annotations ?? {},
    state: data.state,
    ...(data.activeAt === undefined || data.activeAt === null ? {} : { active_at: data.activeAt }),
    value: data.value,
  };
}
