import { ConnectorError, InvalidInputError, isJsonObject } from '@automate/sdk';
import type {
  CallContext,
  ConnectorContext,
  HttpClient,
  HttpResponse,
  JsonObject,
  Logger,
  Secret,
} from '@automate/sdk';
import { isSaidByStatus, isWholeJson, tryJson } from '@automate/sdk/exchange';
import type { FetchFunction, LogLevel, WebClient, WebClientOptions } from '@slack/web-api';
import { badAnswer, slackError } from './slack-error.ts';
import { uploadBytes } from './upload-bytes.ts';

const PUBLIC_API = 'https://slack.com/api/';

interface Connection {
  /** Origin of the configured endpoint; empty without one. */
  readonly origin: string;
  readonly createClient: (fetch: FetchFunction) => WebClient;
  /** Tells the host of what Slack gives out. */
  readonly keepSecret: (value: string) => void;
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
      keepSecret: (value) => void context.secret(value),
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
    assertWhole(parameters);
    let failure: ConnectorError | undefined;
    // A client for each call (30 µs): the library takes its fetch once, and a call's HTTP ends with the call.
    const client = this.#opened().createClient(async (url, init) => {
      try {
        return await sendToSlack(http, method, String(url), init);
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

  /**
   * Calls a method whose second call answers with an error, `done`, where the first had its effect. In a repeated attempt
   * that error is the call's success.
   */
  async callOnce(
    { http, repeated }: CallContext,
    method: string,
    parameters: Readonly<Record<string, unknown>>,
    done: string,
  ): Promise<void> {
    try {
      await this.call(http, method, parameters);
    } catch (error) {
      if (!repeated || !ConnectorError.is(error) || error.details?.['slack_error'] !== done) throw error;
    }
  }

  /** Sends a file to an address that Slack has given out, at which anyone may who knows it. */
  upload(http: HttpClient, url: string, bytes: Uint8Array): Promise<void> {
    const { origin, keepSecret } = this.#opened();
    keepSecret(url);
    return uploadBytes(http, url, bytes, origin);
  }

  #opened(): Connection {
    if (this.#connection === undefined) throw new Error('the Slack client was used before it was opened');
    return this.#connection;
  }
}

/** A form has no way to write half a character, and what JSON writes of it in lists and objects is read as another one. */
function assertWhole(parameters: Readonly<Record<string, unknown>>): void {
  for (const [path, value] of Object.entries(parameters)) {
    if (isWholeJson(value)) continue;
    throw new InvalidInputError(`${path}: expected whole characters, received half of one`, {
      problems: [{ path, expected: 'whole characters', received: 'half of one' }],
      details: { reason: 'bad_text' },
    });
  }
}

async function sendToSlack(
  http: HttpClient,
  method: string,
  url: string,
  init: Parameters<FetchFunction>[1],
): ReturnType<FetchFunction> {
  const body = init?.body;
  const response = await http.request({
    method: 'POST',
    path: url,
    headers: init?.headers ?? {},
    // Said by name, since without a configured host nothing goes along unasked.
    authorize: true,
    answers: 'json',
    // Slack limits by method, whatever action asks.
    rateLimitClass: method,
    accept: (status) => status < 500 && !isSaidByStatus(status),
    ...(typeof body === 'string' ? { body } : {}),
  });
  // Slack says what it refuses in the answer itself. What says it by a status alone stands before Slack.
  if (response.status >= 300 && !isRefusal(response))
    throw badAnswer(method, `it answered ${response.status}`, { effect: 'none' });
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

function isRefusal(response: HttpResponse): boolean {
  const answer = tryJson(response);
  return isJsonObject(answer) && answer['ok'] === false;
}

/** Slack's library reports `{ ok: false }` by an error that holds the answer; all else it throws is an answer it cannot read. */
function toConnectorError(method: string, error: unknown): ConnectorError {
  const data = (error as { data?: unknown }).data;
  return isJsonObject(data) ? slackError(method, data) : badAnswer(method, 'it cannot be read', { cause: error });
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
