import { ConfigInvalidError, ConnectorError, guardCall, UpstreamError } from '@automate/sdk';
import type { CallScope, ConnectorContext, HttpClient, JsonObject } from '@automate/sdk';
import { z } from 'zod';
import { configSchema } from './config.ts';
import type { OpenClawSettings } from './config.ts';
import { gatewayAuth } from './gateway-auth.ts';
import { GatewayConnection } from './gateway-connection.ts';
import { parseAnswer, withoutEffect } from './gateway-error.ts';

interface Place {
  readonly context: ConnectorContext;
  readonly settings: OpenClawSettings;
  readonly endpoint: string;
  readonly version: string;
}

const live = z.object({ ok: z.literal(true), status: z.string() });
const readiness = z.object({ ready: z.boolean(), failing: z.array(z.string()).optional() });

/** What is the gateway's own word by its form, and else that of something else at its place. */
const isJudged = (status: number): boolean => [200, 400, 404, 405, 410].includes(status);

/** One connector's way to its gateway: a WebSocket that is opened when needed and again when it was lost, and HTTP. */
export class GatewayClient {
  #place: Place | undefined;
  #connection: Promise<GatewayConnection> | undefined;
  #current: GatewayConnection | undefined;

  /** @param place the connector's endpoint, empty without a host, and its version */
  open(
    context: ConnectorContext,
    { endpoint, version }: { readonly endpoint: string; readonly version: string },
  ): void {
    this.#place = { context, settings: configSchema.parse(context.settings), endpoint, version };
  }

  close(): void {
    this.#current?.close();
    this.#connection = undefined;
    this.#current = undefined;
  }

  get settings(): OpenClawSettings {
    return this.#opened().settings;
  }

  get endpoint(): string {
    return this.#opened().endpoint;
  }

  /** Asks the gateway whether it is ready, and proves that it lets us in. Gives its version. */
  async check(http: HttpClient, scope: CallScope): Promise<string> {
    const response = await http.request({
      path: '/readyz',
      authorize: false,
      answers: 'json',
      accept: (status) => status === 503 || isJudged(status),
    });
    const { ready, failing = [] } = parseAnswer(readiness, response.json(), 'GET /readyz');
    if (!ready) {
      const what = failing.length === 0 ? '' : `: ${failing.join(', ')} failing`;
      throw new UpstreamError(`the gateway is not ready${what}`, { effect: 'none', details: { reason: 'not_ready' } });
    }
    return this.talk(scope, 'the connection check', async (connection) => {
      await connection.request('agents.list', {});
      return connection.server.version;
    });
  }

  /** Sends one request over the WebSocket and waits for its answer within the call. */
  request(scope: CallScope, method: string, params: JsonObject): Promise<unknown> {
    return this.talk(scope, method, (connection) => connection.request(method, params));
  }

  /**
   * Talks over the WebSocket within a call, or not at all where the call ends before there is one. Work that outlives the
   * call must end by itself.
   */
  async talk<T>(scope: CallScope, what: string, work: (connection: GatewayConnection) => Promise<T>): Promise<T> {
    const { context } = this.#opened();
    let isBegun = false;
    try {
      return await guardCall({ scope, closing: context.signal, what }, async (signal) => {
        const connection = await this.connection();
        signal.throwIfAborted();
        isBegun = true;
        return work(connection);
      });
    } catch (error) {
      throw isBegun ? error : withoutEffect(ConnectorError.from(error));
    }
  }

  /** The connection that is open, or a new one. All who ask at once get the same. */
  connection(): Promise<GatewayConnection> {
    if (this.#current?.closed === true) {
      this.#current = undefined;
      this.#connection = undefined;
    }
    if (this.#connection === undefined) {
      const made = this.#connect();
      this.#connection = made;
      made.then(
        (connection) => {
          // Closed in the meantime: nobody will use it.
          if (this.#connection === made) this.#current = connection;
          else connection.close();
        },
        () => {
          if (this.#connection === made) this.#connection = undefined;
        },
      );
    }
    return this.#connection;
  }

  /** A tool's call over HTTP. */
  async post(http: HttpClient, path: string, body: JsonObject) {
    return http.request({
      method: 'POST',
      path,
      json: body,
      headers: gatewayAuth(this.#opened().context).headers,
      authorize: false,
      answers: 'json',
      accept: isJudged,
    });
  }

  async #connect(): Promise<GatewayConnection> {
    const { context, endpoint, version } = this.#opened();
    const { config, http, id } = context;
    if (endpoint === '') {
      throw new ConfigInvalidError(`connector "${id}" has no host; the operator must set the gateway's`, {
        details: { reason: 'no_endpoint' },
      });
    }
    const { tls } = config;
    if (
      config.scheme === 'https' &&
      tls !== undefined &&
      Object.keys(tls).some((key) => key !== 'insecure' || tls.insecure)
    ) {
      throw new ConfigInvalidError(
        `connector "${id}": Node's WebSocket takes no tls settings; the operator must have the gateway's certificate trusted by the host (NODE_EXTRA_CA_CERTS) and remove tls`,
        { details: { reason: 'tls' } },
      );
    }
    const auth = gatewayAuth(context);
    const url = `${endpoint.replace(/^http/, 'ws')}/`;
    try {
      // A WebSocket never says why it failed; a request to the same port does.
      const response = await http.request({ path: '/healthz', authorize: false, answers: 'json', accept: isJudged });
      parseAnswer(live, response.json(), 'GET /healthz');
      return await GatewayConnection.open({ url, auth, version, timeoutMs: config.limits.startTimeoutMs });
    } catch (error) {
      // Nothing was asked of the gateway yet.
      throw withoutEffect(ConnectorError.from(error));
    }
  }

  #opened(): Place {
    if (this.#place === undefined) throw new Error('the gateway client was used before it was opened');
    return this.#place;
  }
}
