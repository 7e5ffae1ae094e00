import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallOptions, ConnectorService, WebhookReceipt } from '@automate/contract';
import {
  CONNECTOR_ID_PATTERN,
  ConnectorError,
  MAX_WEBHOOK_BYTES,
  UnauthenticatedError,
  UnavailableError,
} from '@automate/contract';
import { webhookTooLarge } from '@automate/contract/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addressOf } from '../sign-in.ts';
import { readCallOptions } from './call-options.ts';
import { sendErrorReply } from './error-reply.ts';
import { HookPlaces } from './hook-places.ts';
import { HttpFailure } from './http-failure.ts';

/** For how long its body may take to come, once it has a place, in milliseconds. */
const BODY_MS = 5_000;
/** For how long it may take once its body is here, in milliseconds. */
const TAKE_MS = 10_000;
/**
 * Whoever is refused hears of it so many milliseconds after the request came, or later: that there is no such connector takes as long as that
 * the signature is wrong, and who tries many waits for each.
 */
const REFUSED_MS = 250;
/** After which time the same webhook should come again that could not be taken, in milliseconds. */
const AGAIN_MS = 2_000;

/** `POST /hooks/{connector}`: the one route that asks for no token, as the sender's signature stands for it. */
export function addHooksRoute(app: FastifyInstance, service: ConnectorService): void {
  const places = new HookPlaces();
  void app.register((hooks, _options, done) => {
    hooks.removeAllContentTypeParsers();
    hooks.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    hooks.setErrorHandler((thrown, _request, reply) => sendErrorReply(reply, toHookFailure(thrown)));
    hooks.route<{ Params: { connector: string } }>({
      method: 'POST',
      url: '/hooks/:connector',
      bodyLimit: MAX_WEBHOOK_BYTES,
      schema: { hide: true },
      // Before the body is read, which takes memory.
      async onRequest(request, reply) {
        const leave = await places.enter(addressOf(request.raw.socket), request.params.connector);
        if (reply.raw.destroyed) return leave();
        reply.raw.once('close', leave);
        endSlowBody(request.raw);
        // All of them are bytes here: what the sender calls them is for the adapter, and need not be written as it should be.
        request.headers = { 'content-type': 'application/octet-stream' };
      },
      async handler(request, reply) {
        const startedAt = performance.now();
        const receipt = await receive(service, request, readCallOptions(request, reply));
        if (receipt.outcome !== 'refused') return answer(reply, receipt);
        await delay(Math.max(0, startedAt + REFUSED_MS - performance.now()));
        throw refused();
      },
    });
    done();
  });
}

/** Who sends nothing keeps a place from others: the connection is ended, and whoever meant it comes again. */
function endSlowBody(request: IncomingMessage): void {
  const timer = setTimeout(() => request.destroy(), BODY_MS).unref();
  for (const event of ['end', 'close']) request.once(event, () => clearTimeout(timer));
}

type HookRequest = FastifyRequest<{ Params: { connector: string } }>;

async function receive(
  service: ConnectorService,
  { params: { connector }, raw: { headers }, body }: HookRequest,
  { signal, traceparent, tracestate }: CallOptions,
): Promise<WebhookReceipt> {
  if (!CONNECTOR_ID_PATTERN.test(connector)) return { outcome: 'refused' };
  const request = { headers: textsOf(headers), body: Buffer.isBuffer(body) ? body : Buffer.alloc(0) };
  return service.receiveWebhook(connector, request, {
    door: 'hooks',
    principal: { name: `webhook:${connector}`, scopes: [`execute:${connector}`] },
    timeoutMs: TAKE_MS,
    ...(signal === undefined ? {} : { signal }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  });
}

function textsOf(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? value : value.join(', ')]],
    ),
  );
}

function answer(reply: FastifyReply, { response }: WebhookReceipt): FastifyReply {
  if (response === undefined) return reply.code(202).send();
  const { status, body = '', contentType = body === '' ? undefined : 'text/plain; charset=utf-8' } = response;
  if (contentType !== undefined) reply.header('content-type', contentType);
  return reply.code(status).send(Buffer.from(body));
}

/** What senders are told says nothing of connectors. */
function toHookFailure(thrown: unknown): HttpFailure | ConnectorError {
  if (thrown instanceof HttpFailure) return thrown;
  const { code: fastifyCode } = thrown as { code?: unknown };
  const { code, details } = ConnectorError.from(thrown);
  if (fastifyCode === 'FST_ERR_CTP_BODY_TOO_LARGE' || details?.['reason'] === 'payload_too_large')
    return new HttpFailure(413, webhookTooLarge());
  if (details?.['reason'] === 'caller_limit') return ConnectorError.from(thrown);
  if (code === 'UNAUTHENTICATED' || code === 'PERMISSION_DENIED' || code === 'INVALID_INPUT') return refused();
  return new UnavailableError('the webhook cannot be taken now: send it again', {
    retryAfterMs: AGAIN_MS,
    details: { reason: 'webhook_not_taken' },
  });
}

function refused(): HttpFailure {
  const error = new UnauthenticatedError(
    'the webhook is refused: nothing here takes it, or it is not signed as what takes it wants',
    { details: { reason: 'webhook_refused' } },
  );
  return new HttpFailure(401, error, { 'www-authenticate': 'Signature' });
}
