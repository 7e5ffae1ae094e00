import type { JsonObject } from '@automate/contract';
import {
  AuthFailedError,
  ConfigInvalidError,
  ConnectorError,
  isJsonObject,
  RateLimitedError,
  UpstreamError,
} from '@automate/contract';
import type { ResolvedAuth } from '../connector-context.ts';
import type { HttpResponse } from '../http-client.ts';
import { parseRetryAfter } from '../normalize-error.ts';
import { isSecretKey } from '../secret-key.ts';
import { withEffect } from '../with-effect.ts';
import { createRateHolds } from './rate-hold.ts';
import { showUrl } from './target.ts';

/** Access tokens by the client credentials grant of OAuth 2. */
export interface TokenSource {
  /** A token that is good for a while yet. One fetch at a time, shared by all who ask. */
  current(): Promise<string>;
  /** The remote system refused this token: the next `current` fetches another. */
  refuse(token: string): void;
  /** The token in use, to keep it out of messages. */
  peek(): string | undefined;
}

export interface TokenRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface TokenSourceOptions {
  readonly id: string;
  /** What tokens are asked for with; a function where that may become another object. */
  readonly auth: ResolvedAuth | (() => ResolvedAuth);
  /** Sends without authorisation, accepts any status, bounded in time. */
  readonly post: (request: TokenRequest) => Promise<HttpResponse>;
  /** Told of every token that comes, before anyone can use it. */
  readonly onSecrets: (values: readonly string[]) => void;
}

interface Held {
  /** What it was obtained with. */
  readonly auth: ResolvedAuth;
  readonly token: string;
  /** Milliseconds since the epoch from which on another one is fetched. */
  readonly refreshAt: number;
}

/** A token is replaced this long before it expires, or at half of its life where that is shorter. */
const REFRESH_BEFORE_MS = 60_000;

export function createTokenSource({ id, auth: given, post, onSecrets }: TokenSourceOptions): TokenSource {
  const auth = typeof given === 'function' ? given : (): ResolvedAuth => given;
  let held: Held | undefined;
  let fetching: { readonly auth: ResolvedAuth; readonly token: Promise<Held> } | undefined;
  const holds = createRateHolds();
  const renew = (): Promise<Held> => {
    const now = auth();
    // One that is being obtained with what was replaced is not waited for.
    if (fetching?.auth === now) return fetching.token;
    const token = fetchToken(id, now, async (request) => {
      const hold = {
        what: showUrl(request.url),
        rateLimitClass: '',
        ofHealth: false,
        wait: <T>(work: Promise<T>) => work,
      };
      const answer = await holds.pass(hold, () => post(request));
      onSecrets(secretsIn(tokenFields(answer)));
      return answer;
    })
      .then((fresh) => {
        const known = { ...fresh, auth: now };
        if (auth() === now) held = known;
        return known;
      })
      .finally(() => {
        if (fetching?.auth === now) fetching = undefined;
      });
    fetching = { auth: now, token };
    return token;
  };
  return {
    async current() {
      if (held !== undefined && held.auth === auth() && Date.now() < held.refreshAt) return held.token;
      return (await renew()).token;
    },
    refuse(token) {
      if (held?.token === token) held = undefined;
    },
    peek: () => held?.token,
  };
}

async function fetchToken(
  id: string,
  auth: ResolvedAuth,
  post: TokenSourceOptions['post'],
): Promise<Omit<Held, 'auth'>> {
  const { tokenUrl, clientId, clientSecret, scopes = [], audience, tokenParams = {} } = auth;
  const url = URL.parse(tokenUrl ?? '');
  if (url === null || clientId === undefined || clientSecret === undefined) {
    throw new ConfigInvalidError(
      `connector "${id}" authorises by oauth2 and needs auth.token_url (a URL), auth.client_id and auth.client_secret; the operator must set them`,
      { details: { reason: 'auth_incomplete' } },
    );
  }
  const grant = {
    grant_type: 'client_credentials',
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    ...(audience === undefined ? {} : { audience }),
    ...Object.fromEntries(Object.entries(tokenParams).map(([name, value]) => [name, value.reveal()])),
  };
  const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  const pair = `${encodeForm(clientId)}:${encodeForm(clientSecret.reveal())}`;
  try {
    let answer = await post({
      url,
      headers: { ...form, authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
      body: Buffer.from(new URLSearchParams(grant).toString()),
    });
    if (errorOf(answer) === 'invalid_client' || errorOf(answer) === 'invalid_request') {
      // Not every server takes the credentials in the header, though the standard wants it.
      const inBody = new URLSearchParams({ ...grant, client_id: clientId, client_secret: clientSecret.reveal() });
      answer = await post({ url, headers: form, body: Buffer.from(inBody.toString()) });
    }
    return readToken(url, answer);
  } catch (thrown) {
    // The request that needed the token was never sent, whatever became of this one.
    throw withEffect(ConnectorError.from(thrown), 'none');
  }
}

function readToken(url: URL, answer: HttpResponse): Omit<Held, 'auth'> {
  const what = `the token endpoint ${showUrl(url)}`;
  const body = tokenFields(answer);
  const why = errorOf(answer);
  if (why !== undefined || (answer.status >= 400 && answer.status < 500 && answer.status !== 429)) {
    throw new AuthFailedError(
      `${what} refused the client credentials: ${answer.status}${why === undefined ? '' : ` ${why}`}; the operator must check auth.client_id, auth.client_secret and auth.scopes`,
      { details: { status: answer.status, reason: 'token_refused' } },
    );
  }
  const retryAfterMs = parseRetryAfter(answer.headers['retry-after']);
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (answer.status === 429) {
    throw new RateLimitedError(`${what} asks for fewer requests`, { details: { status: 429 }, ...wait });
  }
  const token = body?.['access_token'];
  if (answer.status !== 200 || typeof token !== 'string' || token === '') {
    throw new UpstreamError(`${what} answered ${answer.status} and no access_token`, {
      retryable: answer.status >= 500,
      ...(answer.status === 503 ? wait : {}),
      details: { status: answer.status, reason: 'token_missing' },
    });
  }
  const seconds = Number(body?.['expires_in']);
  const lifeMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY;
  return { token, refreshAt: Date.now() + Math.max(lifeMs - REFRESH_BEFORE_MS, lifeMs / 2) };
}

/** The tokens of an answer: the one that was asked for, and those that come along to obtain others. */
function secretsIn(body: JsonObject = {}): readonly string[] {
  return Object.entries(body).flatMap(([key, value]) =>
    typeof value === 'string' && key !== 'token_type' && isSecretKey(key) ? [value] : [],
  );
}

/** Why the token was refused. Some servers say it with 200. */
function errorOf(answer: HttpResponse): string | undefined {
  if (![200, 400, 401].includes(answer.status)) return undefined;
  const error = tokenFields(answer)?.['error'];
  return typeof error === 'string' && /^[a-z_]{1,60}$/.test(error) ? error : undefined;
}

function tokenFields(answer: HttpResponse): JsonObject | undefined {
  try {
    const body: unknown = JSON.parse(answer.text());
    return isJsonObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 6749, 2.3.1: both parts are form-encoded before they are joined. */
function encodeForm(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
