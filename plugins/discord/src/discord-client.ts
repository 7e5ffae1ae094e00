import { InvalidInputError } from '@automate/sdk';
import type { ConnectorContext, HttpClient, HttpRequest, HttpResponse, JsonValue } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordSettings, Webhook } from './config.ts';
import { badAnswer, discordError, isGlobalLimit } from './discord-error.ts';

const PUBLIC_API = 'https://discord.com/api/v10';

/** Discord asks clients to name themselves so, and turns away those that do not. */
const USER_AGENT = 'DiscordBot (https://www.npmjs.com/package/@automate/connector-discord, 1.0.0)';

interface Connection {
  readonly url: string;
  readonly webhooks: readonly Webhook[];
  /** Headers of requests that the bot makes; undefined where `auth` does it by itself. */
  readonly headers: Readonly<Record<string, string>> | undefined;
}

interface DiscordRequest<S extends z.ZodType> {
  readonly method: NonNullable<HttpRequest['method']>;
  /** Below the API's root, encoded. */
  readonly path: string;
  /** Names the request in errors, without what is secret of its path. */
  readonly what: string;
  readonly query?: HttpRequest['query'];
  readonly json?: JsonValue;
  /** In place of `json`. */
  readonly multipart?: HttpRequest['multipart'];
  /** What the answer must look like; absent where there is none. */
  readonly schema: S;
  /** Whether the path is a credential. Such a request needs no other and sends none. */
  readonly secretPath?: true;
}

/**
 * Discord's HTTP API v10 over the connector's own HTTP. The usual library brings a queue that waits for rate limits by
 * itself and an HTTP stack of its own; here the host decides about waiting, and deadlines and TLS are the connector's.
 */
export class DiscordClient {
  #connection: Connection | undefined;

  /** @param endpoint the connector's own, empty without a host */
  open(context: ConnectorContext, endpoint: string, settings: DiscordSettings): void {
    const url = endpoint === '' ? PUBLIC_API : context.config.basePath === undefined ? `${endpoint}/api/v10` : endpoint;
    this.#connection = { url, webhooks: settings.webhooks, headers: botHeaders(context) };
  }

  /**
   * Sends one request.
   *
   * @throws ConnectorError by the answer's status, in Discord's words; UpstreamError where the answer is not Discord's.
   */
  async send<S extends z.ZodType>(http: HttpClient, request: DiscordRequest<S>): Promise<z.output<S>> {
    const { what, schema, secretPath, ...rest } = request;
    const response = await this.#request(http, { what, secretPath, ownRoute: true, request: rest });
    const isEmpty = response.body.byteLength === 0;
    // Discord says by the status that it has nothing to say; others say nothing of what they have not understood.
    if (isEmpty && response.status !== 204) throw badAnswer(what, `it answered ${response.status} and nothing`);
    const result = schema.safeParse(isEmpty ? undefined : readDiscordJson(response, what));
    if (result.success) return result.data;
    throw badAnswer(what, z.prettifyError(result.error).replaceAll('\n', ' '));
  }

  /** Sends any request below the API's root as the bot. */
  sendAny(http: HttpClient, request: HttpRequest): Promise<HttpResponse> {
    const { method = 'GET', path } = request;
    const { url } = this.#opened();
    // The parser resolves dots in every spelling.
    if (URL.parse(`${url}${path}`)?.href.startsWith(`${url}/`) !== true)
      throw new InvalidInputError('path: expected a path below the API, such as /guilds/7/emojis', {
        problems: [{ path: 'path', expected: 'a path below the API, such as /guilds/7/emojis', received: path }],
      });
    return this.#request(http, { what: `${method} ${path}`, ownRoute: false, request });
  }

  async #request(
    http: HttpClient,
    {
      request,
      what,
      ownRoute,
      secretPath,
    }: {
      readonly request: HttpRequest;
      readonly what: string;
      readonly ownRoute: boolean;
      readonly secretPath?: true | undefined;
    },
  ): Promise<HttpResponse> {
    const { url, headers } = this.#opened();
    const webhook = secretPath === true;
    const own = webhook ? {} : headers;
    const { accept = isSuccess } = request;
    const response = await http.request({
      ...request,
      path: `${url}${request.path}`,
      headers: { accept: 'application/json', ...request.headers, 'user-agent': USER_AGENT, ...own },
      authorize: own === undefined,
      answers: 'json',
      accept: () => true,
      // Discord limits by route, most for less than a second, and a bot as a whole; webhooks are none of its bots.
      rateLimitClass: request.rateLimitClass ?? routeOf(request),
      ...(webhook ? {} : { holdsAll: isGlobalLimit }),
    });
    if (accept(response.status)) return response;
    throw discordError({ what, ownRoute, webhook }, response);
  }

  /** A configured webhook. */
  webhook(name: string): Webhook {
    const { webhooks } = this.#opened();
    const found = webhooks.find((candidate) => candidate.name === name);
    if (found !== undefined) return found;
    const known =
      webhooks.length === 0 ? 'there are none' : `there are: ${webhooks.map((each) => each.name).join(', ')}`;
    throw new InvalidInputError(`no webhook "${name}" is configured; ${known}`, {
      problems: [
        { path: 'webhook', expected: 'the name of a webhook in the settings', received: JSON.stringify(name) },
      ],
    });
  }

  get webhooks(): readonly Webhook[] {
    return this.#opened().webhooks;
  }

  /** Whether there is a bot, or webhooks alone. */
  get hasBot(): boolean {
    const { headers } = this.#opened();
    return headers === undefined || headers['authorization'] !== undefined;
  }

  #opened(): Connection {
    if (this.#connection === undefined) throw new Error('the Discord client was used before it was opened');
    return this.#connection;
  }
}

/** What Discord limits as one: a method and a route with its first id (of a channel, server or webhook), whatever the others are. */
function routeOf({ method, path }: HttpRequest): string {
  const [, root, first, ...rest] = path.replace(/\?.*/, '').split('/');
  const names = rest.map((part, index) => (/^\d+$/.test(part) || rest[index - 1] === 'reactions' ? '#' : part));
  return [method, root, first, ...names].join(' ');
}

function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

/** Discord's tokens are announced by `Bot`, not by `Bearer`. Other kinds of `auth` (a proxy's) are sent as they are. */
function botHeaders({ config: { auth }, profile }: ConnectorContext): Readonly<Record<string, string>> | undefined {
  if (auth.type !== 'bearer' && auth.type !== 'none') return undefined;
  const token = auth.token ?? profile?.secrets['token'];
  const further = Object.entries(auth.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value.reveal()]);
  return {
    ...Object.fromEntries(further),
    ...(token === undefined ? {} : { authorization: `Bot ${token.reveal().replace(/^Bot /, '')}` }),
  };
}

function readDiscordJson(response: { json(): JsonValue }, what: string): JsonValue {
  try {
    return response.json();
  } catch (error) {
    throw badAnswer(what, 'it is not JSON', { cause: error });
  }
}
