import { ConnectorAdapter } from '@automate/sdk';
import type { AdapterHealth, CallContext, ConnectorContext } from '@automate/sdk';
import { callAction } from '@automate/sdk/exchange';
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
import { PrometheusApi } from './prometheus-api.ts';

/** A Prometheus server, or what speaks its HTTP API v1: VictoriaMetrics, Mimir, Cortex, Thanos. */
export default class PrometheusAdapter extends ConnectorAdapter {
  readonly name = 'prometheus';
  readonly version = '1.0.0';
  override readonly title = 'Prometheus';
  override readonly description = 'Queries metrics, series, targets, alerts and rules of a Prometheus server.';
  override readonly configSchema = configSchema;
  readonly #api = new PrometheusApi();
  override readonly actions = {
    query: query(this.#api),
    query_range: queryRange(this.#api),
    series: series(this.#api),
    labels: labels(this.#api),
    label_values: labelValues(this.#api),
    targets: targets(this.#api),
    alerts: alerts(this.#api),
    rules: rules(this.#api),
    metadata: metadata(this.#api),
    call: callAction({
      description: "Sends any request to the server's HTTP API, for what has no action of its own.",
      send: (request, { http }) => this.#api.send(http, request),
    }),
  };

  override initialize(context: ConnectorContext): void {
    this.#api.open(context);
  }

  /** Requests read their credentials by themselves; what stands in the settings is read anew. */
  override onSecretsChanged(): void {
    this.initialize(this.context);
  }

  override async connect(): Promise<boolean> {
    await this.#api.check(this.context.http);
    return true;
  }

  /**
   * A configured `health_check.path` must answer 2xx. Besides, the server has to answer a query, with the credentials:
   * `/-/healthy` says nothing about them, and hosted servers have none.
   */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    await this.probe(context);
    await this.#api.check(context.http);
    return { status: 'healthy', message: `${this.getEndpoint()} answers queries` };
  }
}
