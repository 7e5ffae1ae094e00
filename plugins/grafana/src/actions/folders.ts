import { action, ConnectorError } from '@automate/sdk';
import { z } from 'zod';
import type { GrafanaApi } from '../grafana-api.ts';
import { folderUid } from '../grafana-api.ts';

const hit = z.object({ uid: z.string(), title: z.string(), parentUid: z.string().nullish() });

const folderData = hit.extend({
  url: z.string().nullish(),
  version: z.int().nullish(),
  parents: z.array(z.object({ uid: z.string(), title: z.string() })).nullish(),
  created: z.string().nullish(),
  updated: z.string().nullish(),
  createdBy: z.string().nullish(),
  updatedBy: z.string().nullish(),
});

const listed = z.object({ uid: z.string(), title: z.string(), parent_uid: z.string().optional() });

const folder = listed.extend({
  url: z.string().optional(),
  version: z.int().optional(),
  parents: z
    .array(z.object({ uid: z.string(), title: z.string() }))
    .describe('The folders that it is in, the outermost first'),
  created: z.string().optional(),
  updated: z.string().optional(),
  created_by: z.string().optional(),
  updated_by: z.string().optional(),
});

function toListed({ uid, title, parentUid }: z.output<typeof hit>): z.output<typeof listed> {
  return { uid, title, ...(parentUid ? { parent_uid: parentUid } : {}) };
}

function toFolder(data: z.output<typeof folderData>): z.output<typeof folder> {
  const { url, version, parents, created, updated, createdBy, updatedBy } = data;
  return {
    ...toListed(data),
    ...(url ? { url } : {}),
    ...(version ? { version } : {}),
    parents: (parents ?? []).map(({ uid, title }) => ({ uid, title })),
    ...(created ? { created } : {}),
    ...(updated ? { updated } : {}),
    ...(createdBy ? { created_by: createdBy } : {}),
    ...(updatedBy ? { updated_by: updatedBy } : {}),
  };
}

/** The folders within one, a page at a time. */
export const listFolders = (grafana: GrafanaApi) =>
  action({
    description: 'Lists the folders of the top, or those within one, a page at a time.',
    input: z.strictObject({
      parent_uid: folderUid.optional().describe('The folder that they are in. Default: the top'),
      limit: z.int().min(1).max(1000).default(1000).describe('Most folders of one page'),
      page: z.int().min(1).default(1),
    }),
    output: z.object({
      folders: z.array(listed),
      next_page: z.int().optional().describe('The page after this one; absent where there is certainly none'),
    }),
    sideEffects: false,
    idempotent: true,
    async run({ parent_uid, limit, page }, { http }) {
      const query = { parentUid: parent_uid, limit, page };
      const found = await grafana.ask(http, { path: '/api/folders', query }, z.array(hit));
      return { folders: found.map(toListed), ...(found.length < limit ? {} : { next_page: page + 1 }) };
    },
  });

/** One folder. */
export const getFolder = (grafana: GrafanaApi) =>
  action({
    description: 'Gives one folder: its title, and where it is.',
    input: z.strictObject({ uid: folderUid }),
    output: folder,
    sideEffects: false,
    idempotent: true,
    run: async ({ uid }, { http }) => toFolder(await grafana.ask(http, { path: `/api/folders/${uid}` }, folderData)),
  });

/** Makes one folder. */
export const createFolder = (grafana: GrafanaApi) =>
  action({
    description: 'Creates a folder; ALREADY_EXISTS where one has its uid or, in older Grafanas, its title.',
    input: z.strictObject({
      title: z.string().min(1),
      uid: folderUid.optional().describe('Uid of the folder. Default: Grafana makes one'),
      parent_uid: folderUid.optional().describe('The folder to put it in. Default: the top'),
    }),
    output: folder,
    sideEffects: true,
    // Without a uid twice the same makes two folders, and with one the second is refused.
    idempotent: false,
    async run({ title, uid, parent_uid }, { http }) {
      const json = {
        title,
        ...(uid === undefined ? {} : { uid }),
        ...(parent_uid === undefined ? {} : { parentUid: parent_uid }),
      };
      return toFolder(await grafana.ask(http, { method: 'POST', path: '/api/folders', json }, folderData));
    },
  });

/** Removes one folder. */
export const deleteFolder = (grafana: GrafanaApi) =>
  action({
    description: 'Deletes one folder, with the dashboards and folders in it; alert rules in it only where told to.',
    input: z.strictObject({
      uid: folderUid,
      delete_alert_rules: z.boolean().default(false).describe('`false` refuses where alert rules are in it'),
    }),
    output: z.object({ deleted: z.literal(true) }),
    sideEffects: true,
    idempotent: true,
    idempotencyKey: false,
    async run({ uid, delete_alert_rules }, { http, repeated }) {
      const query = { forceDeleteRules: delete_alert_rules };
      try {
        await grafana.ask(http, { method: 'DELETE', path: `/api/folders/${uid}`, query }, z.looseObject({}));
      } catch (error) {
        // The attempt before may have deleted it.
        if (!repeated || !ConnectorError.is(error) || error.code !== 'NOT_FOUND') throw error;
      }
      return { deleted: true as const };
    },
  });
