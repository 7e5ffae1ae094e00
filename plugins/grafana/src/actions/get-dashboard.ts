import { action } from '@automate/sdk';
import { z } from 'zod';
import type { GrafanaApi } from '../grafana-api.ts';
import { dashboardUid, jsonValue } from '../grafana-api.ts';

const input = z.strictObject({ uid: dashboardUid });

const output = z.object({
  uid: z.string(),
  title: z.string(),
  version: z.int(),
  dashboard: z.record(z.string(), jsonValue).describe("The dashboard's model, as `save_dashboard` takes it"),
  url: z.string().optional(),
  folder_uid: z.string().optional(),
  folder_title: z.string().optional(),
  created: z.string().optional(),
  updated: z.string().optional(),
  created_by: z.string().optional(),
  updated_by: z.string().optional(),
  provisioned: z.boolean().describe('Whether it comes from a file and cannot be saved'),
});

const answer = z.object({
  dashboard: z.object({ uid: z.string(), title: z.string(), version: z.int().optional() }).catchall(jsonValue),
  meta: z.object({
    url: z.string().optional(),
    folderUid: z.string().optional(),
    folderTitle: z.string().optional(),
    created: z.string().optional(),
    updated: z.string().optional(),
    createdBy: z.string().optional(),
    updatedBy: z.string().optional(),
    provisioned: z.boolean().optional(),
    version: z.int().optional(),
  }),
});

/** One dashboard with its model. */
export const getDashboard = (grafana: GrafanaApi) =>
  action({
    description: 'Gives one dashboard: its model, and where and when it was saved.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run({ uid }, { http }) {
      const { dashboard, meta } = await grafana.ask(
        http,
        { path: `/api/dashboards/uid/${encodeURIComponent(uid)}` },
        answer,
      );
      return {
        uid: dashboard.uid,
        title: dashboard.title,
        version: dashboard.version ?? meta.version ?? 0,
        dashboard,
        ...(meta.url === undefined ? {} : { url: meta.url }),
        ...(meta.folderUid === undefined ? {} : { folder_uid: meta.folderUid }),
        ...(meta.folderTitle === undefined ? {} : { folder_title: meta.folderTitle }),
        ...(meta.created === undefined ? {} : { created: meta.created }),
        ...(meta.updated === undefined ? {} : { updated: meta.updated }),
        ...(meta.createdBy === undefined ? {} : { created_by: meta.createdBy }),
        ...(meta.updatedBy === undefined ? {} : { updated_by: meta.updatedBy }),
        provisioned: meta.provisioned ?? false,
      };
    },
  });
