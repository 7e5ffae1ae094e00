import { action } from '@automate/sdk';
import { z } from 'zod';
import type { GrafanaApi } from '../grafana-api.ts';

const input = z.strictObject({
  query: z.string().min(1).optional().describe('Part of the title'),
  tags: z.array(z.string().min(1)).optional().describe('Dashboards that bear all of these tags'),
  folder_uids: z.array(z.string().min(1)).optional().describe('Only in these folders'),
  starred: z.boolean().optional().describe('Only those with a star'),
  limit: z.int().min(1).max(5000).default(100).describe('Most dashboards of one page'),
  page: z.int().min(1).default(1),
});

const dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  url: z.string().optional(),
  tags: z.array(z.string()),
  folder_uid: z.string().optional(),
  folder_title: z.string().optional(),
  is_starred: z.boolean(),
});

const output = z.object({
  dashboards: z.array(dashboard),
  next_page: z.int().optional().describe('The page after this one; absent where there is certainly none'),
});

const hits = z.array(
  z.object({
    uid: z.string(),
    title: z.string(),
    url: z.string().optional(),
    tags: z.array(z.string()).nullish(),
    folderUid: z.string().optional(),
    folderTitle: z.string().optional(),
    isStarred: z.boolean().optional(),
  }),
);

function toDashboard(hit: z.output<typeof hits>[number]): z.output<typeof dashboard> {
  return {
    uid: hit.uid,
    title: hit.title,
    ...(hit.url === undefined ? {} : { url: hit.url }),
    tags: hit.tags ?? [],
    ...(hit.folderUid === undefined ? {} : { folder_uid: hit.folderUid }),
    ...(hit.folderTitle === undefined ? {} : { folder_title: hit.folderTitle }),
    is_starred: hit.isStarred ?? false,
  };
}

/** Dashboards by title, tag and folder, a page at a time. */
export const searchDashboards = (grafana: GrafanaApi) =>
  action({
    description: 'Searches dashboards by title, tag and folder, a page at a time.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run({ query, tags, folder_uids, starred, limit, page }, { http }) {
      const found = await grafana.ask(
        http,
        {
          path: '/api/search',
          query: { type: 'dash-db', query, tag: tags, folderUIDs: folder_uids, starred, limit, page },
        },
        hits,
      );
      // Grafana does not say whether there is more: a full page may be the last one.
      return { dashboards: found.map(toDashboard), ...(found.length < limit ? {} : { next_page: page + 1 }) };
    },
  });
