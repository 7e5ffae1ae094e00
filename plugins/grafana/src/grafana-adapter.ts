import { ConnectorAdapter } from '@automate/sdk';
import type { AdapterHealth, CallContext } from '@automate/sdk';
import { callAction } from '@automate/sdk/exchange';
import { createAnnotation } from './actions/create-annotation.ts';
import { deleteDashboard } from './actions/delete-dashboard.ts';
import { getDashboard } from './actions/get-dashboard.ts';
import { listAlerts } from './actions/list-alerts.ts';
import { listDatasources } from './actions/list-datasources.ts';
import { query } from './actions/query.ts';
import { saveDashboard } from './actions/save-dashboard.ts';
import { searchDashboards } from './actions/search-dashboards.ts';
import { configSchema } from './config.ts';
import { readHealth, readOrganization, requestGrafana } from './grafana-client.ts';

/** A Grafana server, seen by one service account. */
export default class GrafanaAdapter extends ConnectorAdapter {
  readonly name = 'grafana';
  readonly version = '1.0.0';
  override readonly title = 'Grafana';
  override readonly description =
    'Searches, reads and saves dashboards, queries data sources, annotates and lists alert rules of a Grafana server.';
  override readonly configSchema = configSchema;
  override readonly actions = {
    search_dashboards: searchDashboards,
    get_dashboard: getDashboard,
    save_dashboard: saveDashboard,
    delete_dashboard: deleteDashboard,
    create_annotation: createAnnotation,
    list_datasources: listDatasources,
    query,
    list_alerts: listAlerts,
    call: callAction({
      description: "Sends any request to Grafana's HTTP API, for what has no action of its own: folders, silences.",
      send: (request, { http }) => requestGrafana(http, request),
    }),
  };

  override async connect(): Promise<boolean> {
    await readOrganization(this.context.http);
    return true;
  }

  /** A configured `health_check.path` is asked as for every kind; else Grafana's word on itself, and the credentials. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    if (this.context.config.healthCheck.path !== undefined) return super.healthCheck(context);
    const { database, version } = await readHealth(context.http);
    if (database !== 'ok') {
      return {
        status: 'unhealthy',
        message: `Grafana is up and its database is not: ${database}`,
        details: { code: 'UPSTREAM_5XX' },
      };
    }
    const { name } = await readOrganization(context.http);
    return { status: 'healthy', message: `Grafana ${version ?? ''} is up; signed in to ${name}`.replace('  ', ' ') };
  }
}
