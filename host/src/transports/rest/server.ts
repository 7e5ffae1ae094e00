import type { ConnectorService, UnavailableError } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import { hostEnding } from '@automate/contract/service';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { ConnectionLimits } from '../front-door.ts';
import type { FrontDoorOptions } from '../front-door.ts';
import { openFrontDoor } from '../front-door.ts';
import type { TlsKeeper } from '../tls-keeper.ts';
import type { SignIn } from '../sign-in.ts';
import { admittedOf, NO_SIGN_IN } from '../sign-in.ts';
import { createAdmission } from './admit.ts';
import { createClientErrors } from './client-errors.ts';
import { addDocsRoutes } from './docs/docs-routes.ts';
import type { DocsRoutesOptions } from './docs/docs-routes.ts';
import { prepareDrain } from './drain.ts';
import { sendErrorReply, toFailure } from './error-reply.ts';
import { HttpFailure } from './http-failure.ts';
import type { HttpTimeouts } from './http-server.ts';
import { createHttpServer, HTTP_TIMEOUTS } from './http-server.ts';
import type { AgentDoor } from '../agent-door.ts';
import { addHooksRoute } from './hooks-route.ts';
import { addMcpRoute } from './mcp-route.ts';
import { EventStreams } from './event-streams.ts';
import { addOperationalRoutes } from './operational-routes.ts';
import { addPage } from './page.ts';
import { PageSessions } from './page-sessions.ts';
import { compileValidator } from './query-validator.ts';
import { acceptJsonText } from './request-body.ts';
import type { RefuseRoute } from './route-refusal.ts';
import { watchRoutes } from './route-refusal.ts';
import { addServiceRoutes } from './service-routes.ts';
import { addSessionRoutes } from './session-routes.ts';

/** Where faults of the service itself are reported; pino fits. */
export interface RestLogger {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface RestServerOptions {
  readonly service: ConnectorService;
  readonly host: string;
  /** Names that it answers to besides its addresses, in small letters. Default: none. */
  readonly allowedHosts?: readonly string[];
  /** Whether a proxy may end TLS in front of it, so that pages of its own come from https. Default: no. */
  readonly behindTls?: boolean;
  /** 0 picks a free one. */
  readonly port: number;
  /** Of the host, for the OpenAPI document. */
  readonly version: string;
  /** Where the page was built to. Absent, or with nothing in it: `/` says how to build it. */
  readonly pageDir?: string | undefined;
  /** Whether the host serves; what `/health/ready` answers. */
  ready(): boolean;
  /** Why it cannot go on for long as it is, which `/health/ready` answers then. Default: it can. */
  readonly unwell?: (() => UnavailableError | undefined) | undefined;
  /** The metrics for `/metrics`, in Prometheus' text format or that of OpenMetrics. */
  readonly metrics?: ((format: 'text' | 'openmetrics') => Promise<string>) | undefined;
  /** What answers agents at `/mcp`. Default: nothing does. It is closed with the server. */
  readonly agents?: AgentDoor | undefined;
  /** Who may come in. Default: everyone, as `local`. */
  readonly signIn?: SignIn | undefined;
  /** Hears of connections that do not come as far as a request: from where, and why. */
  readonly turnedAway?: FrontDoorOptions['turnedAway'];
  readonly logger?: RestLogger | undefined;
  readonly timeouts?: Partial<HttpTimeouts> | undefined;
  /** With it TLS is spoken, and nothing else. */
  readonly tls?: TlsKeeper | undefined;
  readonly limits?: Partial<ConnectionLimits> | undefined;
}

export interface RestServer {
  /** `http://127.0.0.1:8080`, `https://…` */
  readonly address: string;
  readonly port: number;
  /** From now on clients may take so long. */
  setTimeouts(timeouts: Partial<HttpTimeouts>): void;
  /**
   * Takes no new requests, lets those under way end for `drainMs` (default 10 s), then cuts them off. Idempotent.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/** Serves the service over HTTP. Rejects with UNAVAILABLE when the address cannot be had. */
export async function startRestServer(options: RestServerOptions): Promise<RestServer> {
  const { host, port } = options;
  const state = { draining: false };
  const streams = new EventStreams();
  const app = createApp(options, state, streams);
  const { server } = app;
  const drain = prepareDrain(server);
  await app.ready();
  // Node looks for slow clients from this event on, and this server does not listen itself.
  server.emit('listening');
  const front = await openFrontDoor({
    door: 'REST',
    place: { host, port },
    tls: options.tls,
    limits: options.limits,
    warn: (message) => options.logger?.warn({}, message),
    turnedAway: options.turnedAway,
    serve: (socket) => void server.emit('connection', socket),
  }).catch(async (error: unknown) => {
    await app.close();
    throw error;
  });
  let closing: Promise<void> | undefined;
  return {
    address: `${options.tls === undefined ? 'http' : 'https'}://${front.address}`,
    port: front.port,
    setTimeouts(timeouts) {
      const { headersMs, requestMs } = { ...HTTP_TIMEOUTS, ...timeouts };
      server.requestTimeout = requestMs;
      server.headersTimeout = Math.min(headersMs, requestMs);
    },
    close({ drainMs = 10_000 } = {}) {
      state.draining = true;
      streams.endAll();
      return (closing ??= drain({
        drainMs,
        close: async () => void (await Promise.all([options.agents?.close(), front.close(), app.close()])),
      }));
    },
  };
}

function createApp(
  options: RestServerOptions,
  state: { readonly draining: boolean },
  streams: EventStreams,
): FastifyInstance {
  const {
    service,
    host,
    allowedHosts = [],
    behindTls = false,
    version,
    ready,
    unwell,
    metrics,
    logger,
    timeouts,
    signIn = NO_SIGN_IN,
  } = options;
  const sessions = new PageSessions();
  const clientErrors = createClientErrors((method, url) => refuseRoute(method, url));
  const app = fastify({
    logger: false,
    // Ours: Fastify's own would be imported, and take as long as all the rest of it, only to be replaced.
    schemaController: {
      compilersFactory: {
        buildValidator: () => compileValidator as never,
        buildSerializer: () => () => JSON.stringify,
      },
    },
    // Answered below, as a problem document.
    return503OnClosing: false,
    // More than a request's head may have: whether a connector has such an id is for the service to say.
    routerOptions: { maxParamLength: 65_536 },
    serverFactory: (handle) =>
      createHttpServer(handle, {
        host,
        allowedHosts,
        behindTls,
        scheme: options.tls === undefined ? 'http' : 'https',
        timeouts: { ...HTTP_TIMEOUTS, ...timeouts },
        clientErrors,
        admit: createAdmission(signIn, sessions),
      }),
    clientErrorHandler: (error, socket) => clientErrors.answer(error as Error, socket),
    frameworkErrors: (error, request, reply) => void sendErrorReply(reply as never, toFailure(error, request as never)),
  }) as unknown as FastifyInstance;

  app.setErrorHandler((thrown, request, reply) => {
    const failure = toFailure(thrown, request);
    if (ConnectorError.is(failure) && failure.code === 'INTERNAL_ERROR' && failure.cause !== undefined) {
      logger?.error({ err: failure.cause, method: request.method, url: request.url }, 'a REST request failed');
    }
    return sendErrorReply(reply, failure);
  });
  const refuseRoute: RefuseRoute = watchRoutes(app);
  // Before the body is read: what it holds does not matter.
  app.addHook('onRequest', (request, _reply, done) => {
    if (state.draining) done(new HttpFailure(503, hostEnding(), { connection: 'close' }));
    else if (request.is404) done(refuseRoute(request.method, request.url) as Error);
    else done();
  });
  acceptJsonText(app);
  if (options.agents !== undefined) addMcpRoute(app, options.agents);
  addServiceRoutes(app, service, streams);
  addHooksRoute(app, service);
  addSessionRoutes(app, { sessions, signIn, version });
  addPage(app, options.pageDir);
  let document: Promise<string> | undefined;
  const readable: DocsRoutesOptions = {
    behindTls,
    requireRead({ raw }, what) {
      const admitted = admittedOf(raw);
      if (admitted !== undefined) signIn.requireRead(admitted.principal, { door: admitted.door, what });
    },
    document: () => (document ??= import('./openapi.ts').then((openapi) => openapi.describeRoutes(service, version))),
    describeConnectors: async (text, call) =>
      (await import('./connector-operations.ts')).withConnectorOperations(text, service, call),
  };
  addOperationalRoutes(app, { ready, unwell, metrics, ...readable });
  addDocsRoutes(app, readable);
  return app;
}
