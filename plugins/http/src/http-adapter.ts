import { ConnectorAdapter } from '@automate/sdk';
import type {
  AdapterHealth,
  CallContext,
  ConnectorContext,
  HttpClient,
  WebhookHeaders,
  WebhookVerdict,
} from '@automate/sdk';
import { callAction } from '@automate/sdk/exchange';
import { get } from './actions/get.ts';
import { listPages } from './actions/list-pages.ts';
import { configSchema } from './config.ts';
import type { HttpSettings } from './config.ts';
import { judgeSigned } from './judge-signed.ts';

/** Any service that speaks HTTP. */
export default class HttpAdapter extends ConnectorAdapter {
  readonly name = 'http';
  readonly version = '1.0.0';
  override readonly title = 'HTTP';
  override readonly description = 'Sends requests to any HTTP service.';
  override readonly capabilities = { webhooks: true, oauth: true };
  override readonly configSchema = configSchema;
  override readonly actions = {
    request: callAction({
      description:
        'Sends a request of any method and gives the answer: status, headers, and the body as JSON, text or base64.',
    }),
    get,
    list_pages: listPages,
  };
  #settings: HttpSettings = {};

  override initialize(context: ConnectorContext): void {
    this.#settings = configSchema.parse(context.settings);
  }

  /** Requests read their credentials by themselves; the key of webhooks stands in the settings. */
  override onSecretsChanged(): void {
    this.initialize(this.context);
  }

  /**
   * With `connect_path` a GET that must answer 2xx. Without it any answer but 401 and a failure of the server's own will
   * do: many services have nothing at their root.
   */
  override async connect(): Promise<boolean> {
    await this.#look(this.context.http);
    return true;
  }

  async #look(http: HttpClient): Promise<void> {
    const { connect_path: path } = this.#settings;
    if (path === undefined) {
      // A server that refuses the method has answered too.
      await http.request({
        method: 'HEAD',
        path: '/',
        accept: (status) => status === 501 || (status < 500 && status !== 401),
      });
    } else {
      await http.request({ path });
    }
  }

  /** A configured `health_check.path` must answer 2xx, and besides what is asked when the connector starts. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    const answered = await this.probe(context);
    if (answered === undefined) return super.healthCheck(context);
    await this.#look(context.http);
    return answered;
  }

  /** Whether it was signed with the configured secret, and a moment ago where the time is signed. */
  override verifyWebhook(headers: WebhookHeaders, rawBody: string | Uint8Array): WebhookVerdict {
    const { webhook } = this.#settings;
    return webhook === undefined ? { genuine: false } : judgeSigned(webhook, headers, rawBody);
  }
}
