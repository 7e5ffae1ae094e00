import { ConnectorAdapter } from '@automate/sdk';
import type { AdapterHealth, CallContext } from '@automate/sdk';
import { alerts } from './actions/alerts.ts';
import { labelValues } from './actions/label-values.ts';
import { labels } from './actions/labels.ts';
import { metadata } from './actions/metadata.ts';
import { queryRange } from './actions/query-range.ts';
import { query } from './actions/query.ts';
import { rules } from './actions/rules.ts';
import { series } from './actions/series.ts';
import { targets } from './actions/targets.ts';
import { configSchema } from './config.ts';
import { checkApi, checkUp } from './prometheus-client.ts';

/** A Prometheus server, or what speaks its HTTP API v1. Everything it does only reads. */
export default class PrometheusAdapter extends ConnectorAdapter {
  readonly name = 'prometheus';
  readonly version = '1.0.0';
  override readonly title = 'Prometheus';
  override readonly description = 'Queries metrics, series, targets, alerts and rules of a Prometheus server.';
  override readonly configSchema = configSchema;
  override readonly actions = {
    query,
    query_range: queryRange,
    series,
    labels,
    label_values: labelValues,
    targets,
    alerts,
    rules,
    metadata,
  };

  override async connect(): Promise<boolean> {
    await checkApi(this.context.http);
    return true;
  }

  /** A configured `health_check.path` is asked as for every kind, else `/-/healthy`. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    if (this.context.config.healthCheck.path !== undefined) return super.healthCheck(context);
    await checkUp(context.http);
    return { status: 'healthy', message: `${this.getEndpoint()} is up` };
  }
}
