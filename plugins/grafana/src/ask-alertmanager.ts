import type { AskAlertmanager } from '@automate/alertmanager';
import { NotFoundError, UpstreamError } from '@automate/sdk';
import { tryJson } from '@automate/sdk/exchange';
import { z } from 'zod';
import type { GrafanaApi } from './grafana-api.ts';
import { checkAnswer, dataSourceUid, isSuccess, grafanaMessage } from './grafana-api.ts';

/** The field of inputs by which a call names its Alertmanager. */
export const alertmanagerField = dataSourceUid
  .optional()
  .describe('Uid of a data source that is an Alertmanager. Default: the one that is part of Grafana');

/** Asks an Alertmanager through Grafana, its own one or a data source. */
export function askAlertmanager(grafana: GrafanaApi): AskAlertmanager {
  return async (http, request, schema, payload) => {
    const path = `/api/alertmanager/${z.string().parse(payload['alertmanager_uid'] ?? 'grafana')}${request.path}`;
    const accept = (status: number): boolean => isSuccess(status) || status === 409 || status === 500;
    const response = await grafana.request(http, { ...request, path, accept });
    const { status } = response;
    if (isSuccess(status)) return checkAnswer(schema, response.json(), path);
    const said = `${path}: ${grafanaMessage(tryJson(response))}`;
    // So Alertmanagers before 0.28 put it, which Grafana passes on.
    if (/silence not found/i.test(said)) throw new NotFoundError(said, { details: { status } });
    // 409 is no conflict of silences: the Alertmanager of the organization is starting.
    throw new UpstreamError(said, { ...(status === 409 ? { effect: 'none' } : {}), details: { status } });
  };
}
