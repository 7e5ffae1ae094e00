import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ConnectorError } from '@automate/contract';
import {
  ConfigInvalidError,
  ConnectorError as Errors,
  ConnectorInternalError,
  MAX_PAYLOAD_BYTES,
} from '@automate/contract';
import { remainingMs } from '../deadline.ts';
import { healthScope } from '../health-scope.ts';
import type { HttpRequest, HttpResponse } from '../http-client.ts';
import { redactError } from '../redact-error.ts';
import { withEffect } from '../with-effect.ts';
import { createRedactor } from '../redact.ts';
import type { Route } from './agents.ts';
import { createAgents } from './agents.ts';
import { answerError, assertOfService } from './answer-error.ts';
import { authorizationHeaders } from './authorization.ts';
import type { CallScope, HttpClientOptions } from './http-client-options.ts';
import { ACCEPT_ENCODING, decodeAnswer } from './decode.ts';
import type { Answer, Exchange, ExchangeInput } from './exchange.ts';
import { isVital, startExchange } from './exchange.ts';
import { failureOf, Http1RequiredError } from './failure.ts';
import type { Guard } from './guard.ts';
import { createGuard } from './guard.ts';
import type { Http2Sessions } from './http2-sessions.ts';
import { encodePayload, faultOfHeader, plainHeaders } from './payload.ts';
import { showProxy } from './proxy.ts';
import { createRateHolds } from './rate-hold.ts';
import type { Hop } from './redirect.ts';
import { nextHop } from './redirect.ts';
import { responseOf } from './response.ts';
import { SAFE_METHODS } from './safe-methods.ts';
import { resolveTarget, showUrl } from './target.ts';
import type { TokenRequest } from './token-source.ts';
import { createTokenSource } from './token-source.ts';

/** One ends the turn that runs, one reads what has come, and one lets go of what that ended. */
const TURNS_OF_NEWS = 3;
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
  readonly what: string;
  readonly first: Hop;
  readonly anyOrigin: boolean;
  readonly answers: 'json' | undefined;
  readonly rateLimitClass: string;
  readonly holdsAll: HttpRequest['holdsAll'];
  readonly maxBytes: number;
  readonly accept: (status: number) => boolean;
}

export function createExchanges(options: HttpClientOptions): Exchanges {
  const { id, config, proxies, logger, signal: closing, redactor, onSecrets } = options;
  const agents = createAgents({ id, tls: config.tls, proxy: config.proxy, environment: proxies, logger });
  const holds = createRateHolds();
  const http2Origins = new Set<string>();
  let http2: Promise<Http2Sessions> | undefined;
  const close = (): void => {
    agents.close();
    void http2?.then((sessions) => sessions.close());
  };
  if (closing.aborted) close();
  else closing.addEventListener('abort', close, { once: true });
  const tokens =
    config.auth.type === 'oauth2'
      ? createTokenSource({ id, auth: () => config.auth, post: (request) => postForToken(request), onSecrets })
      : undefined;

  /** HTTP/1.1, unless the server has refused it in its handshake. */
  async function start(input: ExchangeInput, route: Route): Promise<Exchange> {
    await catchUp();
    if (!http2Origins.has(input.url.origin)) return startExchange(input);
    http2 ??= import('./http2-sessions.ts').then(({ createHttp2Sessions }) => createHttp2Sessions());
    return (await http2).start(input, route);
  }

  async function exchange(prepared: Prepared, hop: Hop, guard: Guard, credentials: Credentials): Promise<Answer> {
    const { what, rateLimitClass, holdsAll, maxBytes, accept } = prepared;
    const send = async (): Promise<Answer> => {
      const answer = await sendHop(prepared, hop, guard, credentials);
      return decodeAnswer(what, answer, { maxBytes, vital: isVital(answer.status, accept(answer.status)) });
    };
    // What a stranger's server says of waiting concerns nobody else.
    if (!hop.own) return send();
    const ofHealth = healthScope.getStore() === true;
    const inAll = holdsAll && ((answer: Answer): boolean => holdsAll(responseOf(what, hop.url, answer)));
    return holds.pass({ rateLimitClass, holdsAll: inAll, what, wait: guard.wait, ofHealth }, send);
  }

  /** One request and its answer. */
  async function sendHop({ maxBytes, accept }: Prepared, hop: Hop, guard: Guard, credentials: Credentials) {
    const { url, method, body } = hop;
    const route = await guard.wait(hop.own ? agents.own(url) : agents.foreign(url));
    const { agent, proxy } = route;
    const headers = { ...hop.headers, ...credentials };
    let refusal: unknown;
    for (;;) {
      const input = { url, method, headers, body, agent, maxBytes, accept };
      const running = await start(input, route);
      try {
        const answer = await guard.run(running, url, proxy);
        // Through a tunnel only the server itself can answer.
        return proxy === undefined || url.protocol === 'https:' ? answer : { ...answer, via: showProxy(proxy) };
      } catch (error) {
        // Another server may stand there by now. The handshake comes before anything is sent.
        if (!wantsOther(error)) throw error;
        // Where neither will do, what was said in words says more than a handshake.
        if (refusal !== undefined) throw requiresHttp1(refusal) ? refusal : error;
        refusal = error;
        if (!http2Origins.delete(url.origin)) http2Origins.add(url.origin);
      }
    }
  }

  /** An exchange whose access token may turn out to be stale: then once more with another. */
  async function authorized(prepared: Prepared, hop: Hop, guard: Guard): Promise<Answer> {
    if (!hop.authorize) return exchange(prepared, hop, guard, {});
    const credentials = await credentialsFor(guard);
    const answer = await exchange(prepared, hop, guard, credentials);
    if (answer.status !== 401 || tokens === undefined || prepared.accept(401)) return answer;
    tokens.refuse(credentials['authorization']?.replace(/^Bearer /, '') ?? '');
    return exchange(prepared, hop, guard, await credentialsFor(guard));
  }

  function credentialsFor(guard: Guard): Promise<Credentials> {
    const { tokenUrl } = config.auth;
    const url = URL.parse(tokenUrl ?? '');
    return guard.wait(credentialsNow(), url === null ? undefined : `an access token of ${showUrl(url)}`);
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

  async function exchangeAll(prepared: Prepared, guard: Guard): Promise<HttpResponse> {
    const { what, accept, anyOrigin, answers } = prepared;
    let hop = prepared.first;
    try {
      for (;;) {
        const answer = await authorized(prepared, hop, guard);
        const accepted = accept(answer.status);
        const next = accepted ? undefined : nextHop(hop, answer, anyOrigin);
        if (next === undefined) {
          if (answers === 'json') assertOfService(what, answer);
          // An answer without all of its body is none, whoever would have accepted its status.
          if (!accepted || answer.fault !== undefined) throw answerError(what, answer);
          return responseOf(what, hop.url, answer);
        }
        hop = next;
      }
    } catch (thrown) {
      const error = failureOf(thrown, { what, url: hop.url, connected: true });
      throw hop.acted ? withEffect(error, 'maybe') : error;
    } finally {
      guard.release();
    }
  }

  function prepare(request: HttpRequest, scope: RequestScope | undefined): Prepared {
    const method = request.method ?? 'GET';
    const { url, place } = resolveTarget(id, config, request);
    const { bytes, contentType } = encodePayload(request);
    const asked = plainHeaders(request.headers);
    const trace = place === 'foreign' ? undefined : scope?.call;
    if (place === 'foreign' && request.authorize === true) {
      throw new ConnectorInternalError(
        `${method} ${showUrl(url)}: the connector's auth only goes to its own endpoint; the plugin's author must act`,
        { effect: 'none', details: { reason: 'other_origin' } },
      );
    }
    return {
      what: `${method} ${showUrl(url)}`,
      first: {
        url,
        method,
        headers: {
          'user-agent': `automate-connector (${config.kind})`,
          accept: '*/*',
          // A part of a packed body could not be unpacked.
          'accept-encoding': Object.hasOwn(asked, 'range') ? 'identity' : ACCEPT_ENCODING,
          ...(contentType === undefined ? {} : { 'content-type': contentType }),
          ...asked,
          ...(trace?.traceparent === undefined ? {} : { traceparent: trace.traceparent }),
          ...(trace?.tracestate === undefined ? {} : { tracestate: trace.tracestate }),
        },
        body: bytes,
        own: place !== 'foreign',
        authorize: request.authorize ?? place === 'own',
        count: 0,
        acted: false,
      },
      anyOrigin: request.anyOrigin === true,
      answers: request.answers,
      rateLimitClass: request.rateLimitClass ?? scope?.call.rateLimitClass ?? '',
      holdsAll: request.holdsAll,
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
      const { agent, proxy } = await agents.foreign(url);
      await catchUp();
      const running = startExchange({
        url,
        method: 'POST',
        headers,
        body,
        agent,
        maxBytes: TOKEN_BYTES,
        accept: () => true,
      });
      // Some servers pack what nobody asked them to pack.
      const answer = await guard.run(running, url, proxy);
      const read = await decodeAnswer(what, answer, { maxBytes: TOKEN_BYTES, vital: isVital(answer.status, true) });
      return responseOf(what, url, read);
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

/**
 * Lets kept connections go that the other side has closed by now. Of one that it closes later nobody knows whether it has
 * read the request, so that nothing is sent again here: the host counts each attempt.
 */
async function catchUp(): Promise<void> {
  for (let turn = 0; turn < TURNS_OF_NEWS; turn += 1) await nextTurn();
}

/** The server refused the handshake, or the request unread, as it wants the other version of HTTP. */
function wantsOther(error: unknown): boolean {
  if (requiresHttp1(error)) return true;
  const { code = '', message = '' } = ((Errors.is(error) ? error.cause : undefined) ??
    {}) as Partial<NodeJS.ErrnoException>;
  return /no.application.protocol/i.test(`${code} ${message}`);
}

function requiresHttp1(error: unknown): boolean {
  return Errors.is(error) && error.cause instanceof Http1RequiredError;
}

function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}
