import { action, AlreadyExistsError, ForbiddenError, isJsonObject } from '@automate/sdk';
import type { ConnectorError, HttpResponse } from '@automate/sdk';
import { z } from 'zod';
import { check, jsonValue, messageOf, requestGrafana } from '../grafana-client.ts';

const PATH = '/api/dashboards/db';

const input = z.strictObject({
  dashboard: z
    .record(z.string(), jsonValue)
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

/** Grafana answers 412 where the dashboard would replace something that the caller has not seen. */
function conflict(response: HttpResponse): ConnectorError {
  const body = response.json();
  const status = isJsonObject(body) ? body['status'] : undefined;
  const details = { status: response.status, ...(typeof status === 'string' ? { grafana_status: status } : {}) };
  if (status === 'plugin-dashboard') {
    return new ForbiddenError(`Grafana did not save the dashboard: ${messageOf(body)}`, { details });
  }
  return new AlreadyExistsError(
    `Grafana did not save the dashboard: ${messageOf(body)}; read it again and apply the change to that, or set overwrite`,
    { details },
  );
}

/** Creates a dashboard, or replaces one. */
export const saveDashboard = action({
  description: 'Creates a dashboard or replaces one; ALREADY_EXISTS where that would undo a change of somebody else.',
  input,
  output,
  sideEffects: true,
  // Saving twice makes two versions, and without a uid two dashboards.
  idempotent: false,
  async run({ dashboard, folder_uid, message, overwrite }, { http }) {
    const response = await requestGrafana(http, {
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
    if (response.status === 412) throw conflict(response);
    const saved = check(answer, response.json(), PATH);
    return {
      uid: saved.uid,
      version: saved.version,
      ...(saved.url === undefined ? {} : { url: saved.url }),
      ...(saved.folderUid === undefined ? {} : { folder_uid: saved.folderUid }),
    };
  },
});
