import { action } from '@automate/sdk';
import { z } from 'zod';
import type { GrafanaApi } from '../grafana-api.ts';

const input = z
  .strictObject({
    text: z.string().min(1).describe('What happened; may hold HTML links'),
    tags: z.array(z.string().min(1)).default([]),
    time: z.int().optional().describe('When, in milliseconds since the epoch. Default: now'),
    time_end: z.int().optional().describe('Where it lasted: until when'),
    dashboard_uid: z
      .string()
      .min(1)
      .optional()
      .describe('Only on this dashboard; without it, for the whole organization'),
    panel_id: z.int().optional().describe('Only on this panel of the dashboard'),
  })
  .refine(({ panel_id, dashboard_uid }) => panel_id === undefined || dashboard_uid !== undefined, {
    error: 'expected a dashboard_uid beside panel_id',
    path: ['dashboard_uid'],
  });

const output = z.object({ id: z.int() });

/** Marks a moment or a span of time. */
export const createAnnotation = (grafana: GrafanaApi) =>
  action({
    description: 'Marks a moment or a span of time on dashboards.',
    input,
    output,
    sideEffects: true,
    idempotent: false,
    async run({ text, tags, time, time_end, dashboard_uid, panel_id }, { http }) {
      const json = {
        text,
        tags,
        ...(time === undefined ? {} : { time }),
        ...(time_end === undefined ? {} : { timeEnd: time_end }),
        ...(dashboard_uid === undefined ? {} : { dashboardUID: dashboard_uid }),
        ...(panel_id === undefined ? {} : { panelId: panel_id }),
      };
      return grafana.ask(http, { method: 'POST', path: '/api/annotations', json }, output);
    },
  });
