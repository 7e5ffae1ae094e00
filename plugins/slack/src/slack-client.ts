import { ConnectorError, isJsonObject } from '@automate/sdk';
import type { CallContext, ConnectorContext, HttpClient, JsonObject, Logger, Secret } from '@automate/sdk';
import type { FetchFunction, LogLevel, WebClient, WebClientOptions } from '@slack/web-api';
import { badAnswer, slackError } from './slack-error.ts';
import { uploadBytes } from './upload-bytes.ts';

const PUBLIC_API = 'https://slack.com/api/';

interface Connection {
  /** Origin of the configured endpoint; empty without one. */
  readonly origin: string;
  readonly createClient: (fetch: FetchFunction) => WebClient;
}

/**
 * The Web API by way of Slack's own library, which knows the wire format. The requests themselves go through `http`, so
 * that deadline, cancellation, TLS settings and error classes are those of every connector; the library has no way of
 * its own to end a call. Its retries and its waiting for the rate limit are off: the host decides about both.
 */
export class SlackClient {
  #connection: Connection | undefined;

  /**
   * Loads the library (35 ms, hence not with the module) and keeps what every call needs.
   *
   * @param endpoint the connector's own, empty without a host
   */
  async open(context: ConnectorContext, endpoint: string): Promise<void> {
    const { WebClient, LogLevel } = await import('@slack/web-api');
    const url = apiUrl(endpoint, context.config.basePath);
    const token = tokenOf(context)?.reveal();
    const options: WebClientOptions = {
      slackApiUrl: url,
      allowAbsoluteUrls: false,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      logger: toSlackLogger(context.logger, LogLevel.WARN),
    };
    this.#connection = {
      origin: endpoint === '' ? '' : new URL(endpoint).origin,
      createClient: (fetch) => new WebClient(token, { ...options, fetch }),
    };
  }

  /**
   * Calls one method. Undefined arguments are left out, lists and objects are sent as JSON, as Slack wants them.
   *
   * @throws ConnectorError of the class that belongs to Slack's error string, or to the failure of the request.
   */
  async call(
    http: HttpClient,
    method: string,
    parameters: Readonly<Record<string, unknown>> = {},
  ): Promise<JsonObject> {
    let failure: ConnectorError | undefined;
    // A client for each call (30 µs): the library takes its fetch once, and a call's HTTP ends with the call.
    const client = this.#opened().createClient(async (url, init) => {
      try {
        return await send(http, String(url), init);
      } catch (error) {
        failure = ConnectorError.from(error);
        throw failure;
      }
    });
    try {
      return (await client.apiCall(method, parameters)) as unknown as JsonObject;
    } catch (error) {
      if (failure !== undefined) throw failure;
      throw toConnectorError(method, error);
    }
  }

  /** Sends a file to an address that Slack has given out. */
  upload(context: CallContext, url: string, bytes: Uint8Array): Promise<void> {
    return uploadBytes(context, url, bytes, this.#opened().origin);
  }

  #opened(): Connection {
    if (this.#connection === undefined) throw new Error('the Slack client was used before it was opened');
    return this.#connection;
  }
}

async function send(http: HttpClient, url: string, init: Parameters<FetchFunction>[1]): ReturnType<FetchFunction> {
  const body = init?.body;
  const response = await http.request({
    method: 'POST',
    path: url,
    headers: init?.headers ?? {},
    // Said by name, since without a configured host nothing goes along unasked.
    authorize: true,
    ...(typeof body === 'string' ? { body } : {}),
  });
  return {
    ok: true,
    status: response.status,
    statusText: '',
    url,
    headers: new Headers(response.headers),
    text: async () => response.text(),
    json: async () => response.json(),
    arrayBuffer: async () => response.body.slice().buffer,
  };
}

/** Slack's library reports `{ ok: false }` by an error that holds the answer; all else it throws is an answer it cannot read. */
function toConnectorError(method: string, error: unknown): ConnectorError {
  const data = (error as { data?: unknown }).data;
  return isJsonObject(data) ? slackError(method, data) : badAnswer(method, 'it cannot be read', error);
}

/** The configured endpoint, below `/api` unless a base path says otherwise; without a host the public API. */
function apiUrl(endpoint: string, basePath: string | undefined): string {
  if (endpoint === '') return PUBLIC_API;
  return basePath === undefined ? `${endpoint}/api/` : `${endpoint}/`;
}

/** A token that `auth` does not send by itself: from a profile, or of an `auth` whose type was left out. */
function tokenOf({ config, profile }: ConnectorContext): Secret | undefined {
  return config.auth.type === 'none' ? (config.auth.token ?? profile?.secrets['token']) : undefined;
}

/** The library's remarks become debug records: what matters of them is in the error that the caller gets. */
function toSlackLogger(logger: Logger, level: LogLevel): NonNullable<WebClientOptions['logger']> {
  const write = (...parts: unknown[]): void => logger.debug(parts.map(String).join(' '));
  return {
    debug: () => {},
    info: () => {},
    warn: write,
    error: write,
    setLevel: () => {},
    getLevel: () => level,
    setName: () => {},
  };
}
