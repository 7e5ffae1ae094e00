import { alertmanagerActions, credentialsOf } from '@automate/alertmanager';
import { action, ConnectorAdapter, verifyAuthorization } from '@automate/sdk';
import type { AdapterHealth, CallContext, ConnectorContext, WebhookHeaders } from '@automate/sdk';
import { callAction } from '@automate/sdk/exchange';
import { z } from 'zod';
import { AlertmanagerApi } from './alertmanager-api.ts';
import { alertmanagerConfigSchema } from './config.ts';
import { tenantField } from './tenant.ts';

const statusData = z.object({
  cluster: z.object({
    status: z.string(),
    peers: z.array(z.object({ name: z.string(), address: z.string() })).nullish(),
  }),
  config: z.object({ original: z.string() }),
  uptime: z.string(),
  versionInfo: z.object({ version: z.string() }),
});

const status = z.object({
  version: z.string(),
  started_at: z.string(),
  cluster_status: z.string().describe('"ready", "settling" or "disabled"'),
  peers: z.array(z.object({ name: z.string(), address: z.string() })),
  config: z.string().describe('The configuration as YAML, secrets masked by the server'),
});

/** A Prometheus Alertmanager, or what speaks its HTTP API v2: those of Mimir and Cortex. */
export default class AlertmanagerAdapter extends ConnectorAdapter {
  readonly name = 'alertmanager';
  readonly version = '1.0.0';
  override readonly title = 'Alertmanager';
  override readonly description =
    'Lists alerts and silences of a Prometheus Alertmanager, and makes, changes and ends silences.';
  override readonly capabilities = { webhooks: true };
  override readonly configSchema = alertmanagerConfigSchema;
  readonly #api = new AlertmanagerApi();
  override readonly actions = {
    ...alertmanagerActions(
      (http, request, schema, { tenant }) => this.#api.ask(http, request, schema, tenant as string | undefined),
      { tenant: tenantField },
    ),
    get_status: action({
      description: 'Gives version, cluster and configuration of the Alertmanager.',
      input: z.strictObject({ tenant: tenantField }),
      output: status,
      sideEffects: false,
      idempotent: true,
      run: async ({ tenant }, { http }) => {
        const { cluster, config, uptime, versionInfo } = await this.#api.ask(
          http,
          { path: '/api/v2/status' },
          statusData,
          tenant,
        );
        return {
          version: versionInfo.version,
          started_at: uptime,
          cluster_status: cluster.status,
          peers: cluster.peers ?? [],
          config: config.original,
        };
      },
    }),
    call: callAction({
      description: "Sends any request to the Alertmanager's HTTP API, for what has no action of its own.",
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

  /** Whether it came with the configured credentials: an Alertmanager signs nothing. */
  override verifyWebhook(headers: WebhookHeaders): boolean {
    const { webhook = {} } = alertmanagerConfigSchema.parse(this.context.settings);
    const credentials = credentialsOf(webhook);
    return typeof credentials === 'object' && verifyAuthorization(headers, credentials);
  }

  /** A configured `health_check.path` must answer too; what counts is that alerts are given, with the credentials. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    await this.probe(context);
    await this.#api.check(context.http);
    return { status: 'healthy', message: `${this.getEndpoint()} gives alerts` };
  }
}
