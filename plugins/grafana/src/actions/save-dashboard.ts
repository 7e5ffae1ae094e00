import { action, AlreadyExistsError, ForbiddenError, isJsonObject } from '@automate/sdk';
import type { ConnectorError, HttpResponse } from '@automate/sdk';
import { isWholeJson } from '@automate/sdk/exchange';
import { z } from 'zod';
import type { GrafanaApi } from '../grafana-api.ts';
import { checkAnswer, dashboardUid, jsonValue, grafanaMessage } from '../grafana-api.ts';

const PATH = '/api/dashboards/db';

const input = z.strictObject({
  dashboard: z
    .record(z.string(), jsonValue)
    .refine(isWholeJson, { error: 'expected whole characters, not half of one' })
    .describe("The dashboard's model. With the `uid` of an existing one it replaces that, from the `version` it names"),
  folder_uid: z.string().min(1).optional().describe('The folder; without it the general one, or where it is'),
  message: z.string().min(1).optional().describe('A note for the history'),
  overwrite: z.boolean().default(false).describe('Whether it replaces a newer version or one of the same title'),
});

const output = z.object({
  uid: z.string(),
  version: z.int(),
  url: z.string().optional(),
  folder_uid: z.string().optional(),
});

const answer = z.object({
  uid: z.string(),
  version: z.int(),
  url: z.string().optional(),
  folderUid: z.string().optional(),
});

/** Where and by whom the dashboard was saved last, as far as can be learnt. */
const current = z.object({
  meta: z.object({ version: z.int(), updated: z.string().optional(), updatedBy: z.string().optional() }),
});

/** Grafana answers 412 where the dashboard would replace something that the caller has not seen. */
async function conflict(
  response: HttpResponse,
  dashboard: Readonly<Record<string, unknown>>,
  read: (uid: string) => Promise<z.output<typeof current>>,
): Promise<ConnectorError> {
  const body = response.json();
  const status = isJsonObject(body) ? body['status'] : undefined;
  const details = { status: response.status, ...(typeof status === 'string' ? { grafana_status: status } : {}) };
  const said = `Grafana did not save the dashboard: ${grafanaMessage(body)}`;
  if (status === 'plugin-dashboard') return new ForbiddenError(said, { details });
  if (status !== 'version-mismatch') {
    const how = 'name the uid of that one to replace it, or choose another title or folder';
    return new AlreadyExistsError(`${said}; ${how}`, { details });
  }
  const how = 'read it again and apply the change to that, or set overwrite';
  const { uid, version } = dashboard;
  const known = dashboardUid.safeParse(uid);
  const meta = known.success ? await read(known.data).catch(() => undefined) : undefined;
  if (meta === undefined) return new AlreadyExistsError(`${said}; ${how}`, { details });
  const { version: now, updated, updatedBy } = meta.meta;
  const who = `${updatedBy ? ` by ${updatedBy}` : ''}${updated ? ` at ${updated}` : ''}`;
  return new AlreadyExistsError(
    `${said}: version ${now} was saved${who}, the given one is of version ${JSON.stringify(version) ?? 'none'}; ${how}`,
    {
      details: {
        ...details,
        current_version: now,
        ...(updated ? { updated } : {}),
        ...(updatedBy ? { updated_by: updatedBy } : {}),
      },
    },
  );
}

/** Creates a dashboard, or replaces one. */
export const saveDashboard = (grafana: GrafanaApi) =>
  action({
    description: 'Creates a dashboard or replaces one; ALREADY_EXISTS where that would undo a change of somebody else.',
    input,
    output,
    sideEffects: true,
    // Saving twice makes two versions, and without a uid two dashboards.
    idempotent: false,
    async run({ dashboard, folder_uid, message, overwrite }, { http }) {
      const response = await grafana.request(http, {
        method: 'POST',
        path: PATH,
        json: {
          // An id belongs to one Grafana; elsewhere it would name another dashboard, or none. The uid is what counts.
          dashboard: { ...dashboard, id: null },
          overwrite,
          ...(folder_uid === undefined ? {} : { folderUid: folder_uid }),
          ...(message === undefined ? {} : { message }),
        },
        accept: (status) => status === 200 || status === 412,
      });
      if (response.status === 412) {
        throw await conflict(response, dashboard, (uid) =>
          grafana.ask(http, { path: `/api/dashboards/uid/${uid}` }, current),
        );
      }
      const saved = checkAnswer(answer, response.json(), PATH);
      return {
        uid: saved.uid,
        version: saved.version,
        ...(saved.url === undefined ? {} : { url: saved.url }),
        ...(saved.folderUid === undefined ? {} : { folder_uid: saved.folderUid }),
      };
    },
  });
