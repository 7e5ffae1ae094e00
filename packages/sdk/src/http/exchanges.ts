import type { ConnectorError } from '@automate/contract';
import { ConfigInvalidError, ConnectorError as Errors, MAX_PAYLOAD_BYTES, UpstreamError } from '@automate/contract';
import { remainingMs } from '../deadline.ts';
import type { HttpRequest, HttpResponse } from '../http-client.ts';
import { redactError, withEffect } from '../rebuild-error.ts';
import { createRedactor } from '../redact.ts';
import { createAgents } from './agents.ts';
import { answerError } from './answer-error.ts';
import { authorizationHeaders } from './authorization.ts';
import type { CallScope, HttpClientOptions } from './create-http-client.ts';
import { decodeAnswer } from './decode.ts';
import type { Answer } from './exchange.ts';
import { startExchange } from './exchange.ts';
import { failureOf } from './failure.ts';
import type { Guard } from './guard.ts';
import { createGuard } from './guard.ts';
import { encodePayload, faultOfHeader, plainHeaders } from './payload.ts';
import { responseOf } from './response.ts';
import { SAFE_METHODS } from './safe-methods.ts';
import { resolveTarget, showUrl } from './target.ts';
import type { TokenRequest } from './token-source.ts';
import { createTokenSource } from './token-source.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** A connection that was kept may have been closed under the request; each try throws one such away. */
const STALE_TRIES = 3;
const TOKEN_BYTES = 64 * 1024;

/** The call that a request is made in. */
export interface RequestScope {
  readonly call: CallScope;
  /** Whether an earlier request of the call may have changed something. */
  readonly history: { acted: boolean };
}

/** The exchanges of one connector with its endpoint. */
export interface Exchanges {
  send(request: HttpRequest, scope: RequestScope | undefined): Promise<HttpResponse>;
}

type Credentials = Readonly<Record<string, string>>;

interface Prepared {
  readonly url: URL;
  readonly method: string;
  readonly what: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly authorize: boolean;
  readonly maxBytes: number;
  readonly accept: (status: number) => boolean;
}

export function createExchanges({ id, config, signal: closing, redactor }: HttpClientOptions): Exchanges {
  const agents = createAgents(id, config.tls);
  if (closing.aborted) agents.close();
  else closing.addEventListener('abort', () => agents.close(), { once: true });
  const tokens =
    config.auth.type === 'oauth2'
      ? createTokenSource({ id, auth: config.auth, post: (request) => postForToken(request) })
      : undefined;

  /** One request and its answer, over a fresh connection where a kept one turns out to be dead. */
  async function exchange(prepared: Prepared, url: URL, guard: Guard, credentials: Credentials): Promise<Answer> {
    const { method, body, maxBytes, accept } = prepared;
    const agent = await guard.wait(agents.own(url.protocol));
    const headers = { ...prepared.headers, ...credentials };
    for (let attempt = 1; ; attempt += 1) {
      const running = startExchange({ url, method, headers, body, agent, maxBytes, accept });
      try {
        return await guard.run(running, url);
      } catch (error) {
        const stale = running.reused() && Errors.is(error) && error.code === 'TRANSIENT_NETWORK';
        if (!stale || !SAFE_METHODS.has(method) || attempt >= STALE_TRIES) throw error;
      }
    }
  }

  /** An exchange whose access token may turn out to be stale: then once more with another. */
  async function authorized(prepared: Prepared, url: URL, guard: Guard): Promise<Answer> {
    if (!prepared.authorize) return exchange(prepared, url, guard, {});
    const credentials = await guard.wait(credentialsNow());
    const answer = await exchange(prepared, url, guard, credentials);
    if (answer.status !== 401 || tokens === undefined || prepared.accept(401)) return answer;
    tokens.refuse(credentials['authorization']?.replace(/^Bearer /, '') ?? '');
    return exchange(prepared, url, guard, await guard.wait(credentialsNow()));
  }

  async function credentialsNow(): Promise<Credentials> {
    const credentials = await authorizationHeaders(id, config.auth, tokens);
    for (const [name, value] of Object.entries(credentials)) {
      const fault = faultOfHeader(name, value);
      if (fault === undefined) continue;
      throw new ConfigInvalidError(`connector "${id}": auth cannot be sent: ${fault}; the operator must act`, {
        details: { reason: 'bad_header' },
      });
    }
    return credentials;
  }

  async function follow(prepared: Prepared, guard: Guard): Promise<Answer> {
    let { url } = prepared;
    for (let hops = 0; ; hops += 1) {
      const answer = await authorized(prepared, url, guard);
      const location = answer.headers['location'];
      if (prepared.accept(answer.status) || !REDIRECTS.has(answer.status) || location === undefined) return answer;
      url = redirectTarget(prepared, answer, { from: url, location, hops });
    }
  }

  async function exchangeAll(prepared: Prepared, guard: Guard): Promise<HttpResponse> {
    const { what, maxBytes } = prepared;
    try {
      const answer = await decodeAnswer(what, await follow(prepared, guard), maxBytes);
      if (!prepared.accept(answer.status)) throw answerError(what, answer);
      return responseOf(what, answer);
    } catch (thrown) {
      throw failureOf(thrown, { what, url: prepared.url, connected: true });
    } finally {
      guard.release();
    }
  }

  function prepare(request: HttpRequest, scope: RequestScope | undefined): Prepared {
    const method = request.method ?? 'GET';
    const { url, configured } = resolveTarget(id, config, request);
    const { bytes, contentType } = encodePayload(request);
    const trace = scope?.call;
    return {
      url,
      method,
      what: `${method} ${showUrl(url)}`,
      headers: {
        'user-agent': `automate-connector (${config.kind})`,
        accept: '*/*',
        'accept-encoding': 'identity',
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
        ...plainHeaders(request.headers),
        ...(trace?.traceparent === undefined ? {} : { traceparent: trace.traceparent }),
        ...(trace?.tracestate === undefined ? {} : { tracestate: trace.tracestate }),
      },
      body: bytes,
      authorize: request.authorize ?? configured,
      maxBytes: request.maxBytes ?? MAX_PAYLOAD_BYTES,
      accept: request.accept ?? isSuccess,
    };
  }

  /** What may be shown of an error: no secret that this connector knows, the access token in use included. */
  function clean(error: ConnectorError): ConnectorError {
    const token = tokens?.peek();
    const known = redactError(error, redactor);
    return token === undefined ? known : redactError(known, createRedactor([token]));
  }

  async function postForToken({ url, headers, body }: TokenRequest): Promise<HttpResponse> {
    const what = `POST ${showUrl(url)}`;
    // Not bound to one caller: others may be waiting for the same token.
    const guard = createGuard({ what, timeoutMs: config.limits.timeoutMs, signal: undefined, closing });
    try {
      const agent = await agents.foreign(url.protocol);
      const running = startExchange({
        url,
        method: 'POST',
        headers,
        body,
        agent,
        maxBytes: TOKEN_BYTES,
        accept: () => true,
      });
      return responseOf(what, await guard.run(running, url));
    } finally {
      guard.release();
    }
  }

  return {
    async send(request, scope) {
      const before = scope?.history.acted ?? false;
      const safe = SAFE_METHODS.has(request.method ?? 'GET');
      try {
        const prepared = prepare(request, scope);
        const left = scope === undefined ? config.limits.timeoutMs : remainingMs(scope.call.deadline);
        const timeoutMs = Math.min(request.timeoutMs ?? left, left);
        const guard = createGuard({ what: prepared.what, timeoutMs, signal: scope?.call.signal, closing });
        const response = await exchangeAll(prepared, guard);
        if (scope !== undefined && !safe) scope.history.acted = true;
        return response;
      } catch (thrown) {
        const error = clean(Errors.from(thrown));
        if (scope !== undefined && !safe && error.effect === 'maybe') scope.history.acted = true;
        throw before ? withEffect(error, 'maybe') : error;
      }
    },
  };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

interface Redirect {
  readonly from: URL;
  readonly location: string;
  readonly hops: number;
}

function redirectTarget(prepared: Prepared, { status }: Answer, { from, location, hops }: Redirect): URL {
  const { what, method } = prepared;
  const to = URL.parse(location, from.href);
  const where = to === null ? 'an address that cannot be read' : showUrl(to);
  const refuse = (why: string, reason: string): UpstreamError =>
    new UpstreamError(`${what} was redirected (${status}) to ${where}; ${why}`, {
      retryable: false,
      details: { status, reason },
    });
  if (method !== 'GET' && method !== 'HEAD')
    throw refuse(`a ${method} is not repeated elsewhere`, 'redirect_not_followed');
  if (to === null || to.origin !== from.origin) {
    throw refuse(
      "another origin is never asked with this connector's credentials; the operator must check scheme, host and port",
      'redirect_refused',
    );
  }
  if (hops >= MAX_REDIRECTS) throw refuse(`that is one redirect too many after ${MAX_REDIRECTS}`, 'redirect_loop');
  to.hash = '';
  return to;
}
