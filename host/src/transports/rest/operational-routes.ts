import type { CallOptions } from '@automate/contract';
import { InvalidInputError, quote, UnavailableError } from '@automate/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AskedOfDoor } from '../sign-in.ts';
import { OPEN_METRICS_TYPE, prefersOpenMetrics } from '../../telemetry/open-metrics-text.ts';
import { readCallOptions } from './call-options.ts';

export interface OperationalRoutesOptions {
  /** Whether the host serves: false while it starts and while it drains. */
  ready(): boolean;
  /** Why it cannot go on for long as it is. Default: it can. */
  readonly unwell?: (() => UnavailableError | undefined) | undefined;
  /** The metrics in Prometheus' text format, or in that of OpenMetrics; absent: `/metrics` is an unknown route. */
  readonly metrics: ((format: 'text' | 'openmetrics') => Promise<string>) | undefined;
  /** Throws for who may not read, which all but health needs. */
  requireRead(request: FastifyRequest, what: AskedOfDoor['what']): void;
  /** The OpenAPI document as JSON text. */
  document(): Promise<string>;
  /** The same with an operation for each action that the caller may see. */
  describeConnectors(document: string, call: CallOptions): Promise<string>;
}

/** The routes for whoever operates the host, not for callers of connectors. No connector's state enters, but that of threads which it left behind. */
export function addOperationalRoutes(
  app: FastifyInstance,
  { ready, unwell, metrics, requireRead, document, describeConnectors }: OperationalRoutesOptions,
): void {
  const hidden = { schema: { hide: true } };
  app.get('/health/live', hidden, async () => ({ status: 'live' }));
  app.get('/health/ready', hidden, async () => {
    const trouble = ready() ? unwell?.() : notReady();
    if (trouble === undefined) return { status: 'ready' };
    throw trouble;
  });
  if (metrics !== undefined) {
    app.get('/metrics', hidden, async (request, reply) => {
      requireRead(request, 'metrics');
      const open = prefersOpenMetrics(request.headers.accept);
      reply.header('content-type', open ? OPEN_METRICS_TYPE : 'text/plain; version=0.0.4; charset=utf-8');
      reply.header('vary', 'accept');
      return metrics(open ? 'openmetrics' : 'text');
    });
  }
  app.get('/openapi.json', hidden, async (request, reply) => {
    requireRead(request, 'openapi');
    reply.header('content-type', 'application/json; charset=utf-8');
    const { connectors = 'false' } = request.query as { readonly connectors?: unknown };
    if (connectors !== 'true' && connectors !== 'false') throw badSwitch(connectors);
    const general = await document();
    return connectors === 'true' ? describeConnectors(general, readCallOptions(request, reply)) : general;
  });
}

function badSwitch(given: unknown): InvalidInputError {
  const received = typeof given === 'string' ? quote(given.slice(0, 80)) : 'a list';
  return new InvalidInputError(`query connectors: expected true or false, received ${received}`, {
    problems: [{ path: 'query connectors', expected: 'true or false', received }],
  });
}

function notReady(): UnavailableError {
  return new UnavailableError('the host does not serve: it is starting or shutting down', {
    details: { reason: 'not_ready' },
  });
}
