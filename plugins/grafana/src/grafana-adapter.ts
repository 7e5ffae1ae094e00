import { alertmanagerActions } from '@automate/alertmanager';
import { ConnectorAdapter } from '@automate/sdk';
import type { AdapterHealth, CallContext, ConnectorContext, WebhookHeaders, WebhookVerdict } from '@automate/sdk';
import { callAction } from '@automate/sdk/exchange';
import { createAnnotation } from './actions/create-annotation.ts';
import { deleteDashboard } from './actions/delete-dashboard.ts';
import { createFolder, deleteFolder, getFolder, listFolders } from './actions/folders.ts';
import { getDashboard } from './actions/get-dashboard.ts';
import { listAlerts } from './actions/list-alerts.ts';
import { listDatasources } from './actions/list-datasources.ts';
import { query } from './actions/query.ts';
import { saveDashboard } from './actions/save-dashboard.ts';
import { searchDashboards } from './actions/search-dashboards.ts';
import { alertmanagerField, askAlertmanager } from './ask-alertmanager.ts';
import { configSchema } from './config.ts';
import { GrafanaApi } from './grafana-api.ts';
import { judgeNotification } from './judge-notification.ts';

/** A Grafana server, seen by one service account. */
export default class GrafanaAdapter extends ConnectorAdapter {
  readonly name = 'grafana';
  readonly version = '1.0.0';
  override readonly title = 'Grafana';
  override readonly description =
    'Searches, reads, saves and deletes dashboards and folders, queries data sources, annotates, and lists alerts and silences of a Grafana server.';
  override readonly capabilities = { webhooks: true };
  override readonly configSchema = configSchema;
  readonly #grafana = new GrafanaApi();
  readonly #alertmanager = alertmanagerActions(askAlertmanager(this.#grafana), { alertmanager_uid: alertmanagerField });
  override readonly actions = {
    search_dashboards: searchDashboards(this.#grafana),
    get_dashboard: getDashboard(this.#grafana),
    save_dashboard: saveDashboard(this.#grafana),
    delete_dashboard: deleteDashboard(this.#grafana),
    list_folders: listFolders(this.#grafana),
    get_folder: getFolder(this.#grafana),
    create_folder: createFolder(this.#grafana),
    delete_folder: deleteFolder(this.#grafana),
    create_annotation: createAnnotation(this.#grafana),
    list_datasources: listDatasources(this.#grafana),
    query: query(this.#grafana),
    list_alerts: listAlerts(this.#grafana),
    list_firing_alerts: this.#alertmanager.list_alerts,
    list_firing_groups: this.#alertmanager.list_alert_groups,
    list_silences: this.#alertmanager.list_silences,
    get_silence: this.#alertmanager.get_silence,
    create_silence: this.#alertmanager.create_silence,
    update_silence: this.#alertmanager.update_silence,
    expire_silence: this.#alertmanager.expire_silence,
    call: callAction({
      description: "Sends any request to Grafana's HTTP API, for what has no action of its own.",
      send: (request, { http }) => this.#grafana.request(http, request),
    }),
  };

  override initialize(context: ConnectorContext): void {
    this.#grafana.open(context);
  }

  /** Requests read their credentials by themselves; what stands in the settings is read anew. */
  override onSecretsChanged(): void {
    this.initialize(this.context);
  }

  override async connect(): Promise<boolean> {
    await this.#grafana.readOrganization(this.context.http);
    return true;
  }

  /** Whether it is a notification of the configured contact point. */
  override verifyWebhook(headers: WebhookHeaders, rawBody: string | Uint8Array): WebhookVerdict {
    const { webhook } = configSchema.parse(this.context.settings);
    return webhook === undefined ? { genuine: false } : judgeNotification(webhook, headers, rawBody);
  }

  /** A configured `health_check.path` must answer 2xx; besides, Grafana's word on itself, and the credentials. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    await this.probe(context);
    const { database, version } = await this.#grafana.readHealth(context.http);
    if (database !== 'ok') {
      return {
        status: 'unhealthy',
        message: `Grafana is up and its database is not: ${database}`,
        details: { code: 'UPSTREAM_5XX' },
      };
    }
    const { name } = await this.#grafana.readOrganization(context.http);
    return { status: 'healthy', message: `Grafana ${version ?? ''} is up; signed in to ${name}`.replace('  ', ' ') };
  }
}
